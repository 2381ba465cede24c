"""How hosts are served that come over the network."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from mcp_toolweaver.config.oauth_settings import OAuthSettings
from mcp_toolweaver.config.setting_types import Count, Lifetime, Positive, Seconds, Text


class ServeSettings(BaseModel):
    """Who may come in over HTTP, and how much they may ask; times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed_hosts: tuple[Text, ...] = ()
    """Host headers beside this machine's own: the names that hosts know us by; ``*`` stands for anything."""
    allowed_origins: tuple[Text, ...] = ()
    """Origins of web pages that may call us, beside those of this machine: ``https://app.example.com``."""
    max_body_mb: Positive = 4
    """Of one request."""
    max_sessions: Positive = 1_000
    """Sessions that are open at once, of hosts that need one."""
    session_idle_timeout: Seconds = 1_800.0
    """A session without any request or open stream for so long is ended."""
    requests_per_second: Lifetime = 100.0
    """Of one caller; 0 is no limit."""
    concurrent_requests: Count = 200
    """Of one caller that are being answered; 0 is no limit."""
    oauth: OAuthSettings = OAuthSettings()
    """An authorization server whose access tokens let callers in, beside tokens of our own."""
    drain_timeout: Seconds = 15.0
    """For how long requests are finished once we are told to stop."""
    watch_config: bool = True
    """Whether a change of the configuration file is taken over while we serve."""
