"""WeChat's sign-in for websites on loopback, as its documentation describes it.

https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html
Whoever is sent to it is `person`, who scans the code at once.
"""

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

APP_ID, APP_SECRET = "wx-app", "wx-secret"


class FakeWeChat:
    """A server for the length of a `with` block; `base_url` is where it is."""

    def __init__(self) -> None:
        self.person: dict[str, str] = {"openid": "o-1", "unionid": "u-1", "nickname": "张三"}
        self.is_ill = False  # it then tells nobody who they are, with status 200, as WeChat does
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FakeWeChat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def scan(self, asked: dict[str, str]) -> str:
        """Return where the browser is sent back to, with a code that counts once."""
        if asked["appid"] != APP_ID or asked["scope"] != "snsapi_login":
            return asked["redirect_uri"]
        code = secrets.token_hex(8)
        self._codes[code] = dict(self.person)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked.get('state', '')})}"

    def exchange(self, asked: dict[str, str]) -> dict[str, object]:
        if (asked.get("appid"), asked.get("secret")) != (APP_ID, APP_SECRET):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        person = self._codes.pop(asked.get("code", ""), None)
        if person is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        token = secrets.token_hex(16)
        self._tokens[token] = person
        return {"access_token": token, "expires_in": 7200, "refresh_token": "r", "scope": "snsapi_login"} | {
            key: person[key] for key in ("openid", "unionid") if key in person
        }

    def tell(self, asked: dict[str, str]) -> dict[str, object]:
        person = self._tokens.get(asked.get("access_token", ""))
        if person is None or self.is_ill or person["openid"] != asked.get("openid"):
            return {"errcode": 40003, "errmsg": "invalid openid"}
        return {"sex": 0, "headimgurl": "", "privilege": []} | person

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        wechat = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                asked = {name: values[0] for name, values in parse_qs(address.query).items()}
                if address.path == "/connect/qrconnect":
                    self.send_response(302)
                    self.send_header("Location", wechat.scan(asked))
                    self.end_headers()
                    return
                answers = {"/sns/oauth2/access_token": wechat.exchange, "/sns/userinfo": wechat.tell}
                body = json.dumps(answers[address.path](asked), ensure_ascii=False).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")  # as the real one says
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
