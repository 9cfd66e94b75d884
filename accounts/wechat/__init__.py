"""Signing in with WeChat, on top of django-allauth's `weixin`."""
