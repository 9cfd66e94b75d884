"""What the Slack provider says goes wrong, for the translations: it speaks English alone (`accounts.problems`)."""

from django.utils.translation import gettext_noop

PROBLEMS = (
    gettext_noop("Slack does not know this webhook any more."),
    gettext_noop("The webhook is switched off at Slack."),
    gettext_noop("Slack does not know the workspace of this webhook any more."),
    gettext_noop("The workspace of this webhook is closed at Slack."),
    gettext_noop("Slack does not accept this webhook."),
    gettext_noop("The channel of this webhook is gone."),
    gettext_noop("The channel of this webhook is archived."),
    gettext_noop("An administrator at Slack does not allow this webhook to post."),
    gettext_noop("Whoever this webhook writes to is gone from Slack."),
    gettext_noop("Slack cannot be reached."),
    gettext_noop("Slack took too long to answer."),
    gettext_noop("Slack answered more than can be read."),
    gettext_noop("The connection to Slack broke off."),
    gettext_noop("Slack does not accept this webhook (%(code)s)."),
    gettext_noop("Slack takes no more messages for now."),
    gettext_noop("Slack has a bad minute (%(code)s)."),
    gettext_noop("Slack gave an answer that cannot be read."),
    gettext_noop("Slack refused the message (%(code)s)."),
)
