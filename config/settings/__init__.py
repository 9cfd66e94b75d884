"""All settings, by topic. What reads the environment is in `environment`; .env.example says what each setting means."""

from config.settings.data import *  # noqa: F403
from config.settings.engine import *  # noqa: F403
from config.settings.environment import *  # noqa: F403
from config.settings.limits import *  # noqa: F403
from config.settings.logs import *  # noqa: F403
from config.settings.people import *  # noqa: F403
from config.settings.providers import *  # noqa: F403
from config.settings.security import *  # noqa: F403
from config.settings.site import *  # noqa: F403
