"""WeChat's sign-in for websites, by a QR code.

https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html
"""

import json
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.weixin.views import WeixinOAuth2Adapter
from django.http import HttpRequest


class WeChatAdapter(WeixinOAuth2Adapter):
    access_token_method = "GET"  # noqa: S105  (as WeChat documents it)

    @property
    def access_token_url(self) -> str:  # type: ignore[override]
        return f"{self._api_url}/sns/oauth2/access_token"

    @property
    def profile_url(self) -> str:  # type: ignore[override]
        return f"{self._api_url}/sns/userinfo"

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Return who `token` belongs to. Raises OAuth2Error where WeChat does not say."""
        openid = kwargs["response"].get("openid", "")
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.profile_url, params={"access_token": token.token, "openid": openid})
            answer.raise_for_status()
        # It calls its JSON text/plain of no charset, and tells of errors with status 200.
        person = json.loads(answer.content.decode("utf-8", "replace"))
        if not person.get("openid"):
            raise OAuth2Error(f"WeChat names nobody: error {person.get('errcode')}")
        remember_by_unionid(person)
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, person)  # type: ignore[no-untyped-call]
        return login

    @property
    def _api_url(self) -> str:
        return str(self.get_provider().get_settings()["API_URL"])  # type: ignore[no-untyped-call]


def remember_by_unionid(person: dict[str, Any]) -> None:
    """Find whoever signed in before WeChat gave our apps a common `unionid` by that from now on."""
    mine = SocialAccount.objects.filter(provider=WeChatAdapter.provider_id)
    unionid = person.get("unionid")
    if unionid and not mine.filter(uid=unionid).exists():
        mine.filter(uid=person["openid"]).update(uid=unionid)


oauth2_login = OAuth2LoginView.adapter_view(WeChatAdapter)
oauth2_callback = OAuth2CallbackView.adapter_view(WeChatAdapter)
