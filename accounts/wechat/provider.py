"""WeChat as a provider of django-allauth. It tells no e-mail address."""

from typing import Any

from allauth.socialaccount.providers.weixin.provider import WeixinProvider

from accounts.wechat.views import WeChatAdapter


class WeChatProvider(WeixinProvider):
    name = "WeChat"
    oauth2_adapter_class = WeChatAdapter

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return who it is: the same person has another `openid` in each app of ours, but one `unionid` in all."""
        return str(data.get("unionid") or data["openid"])


provider_classes = [WeChatProvider]
