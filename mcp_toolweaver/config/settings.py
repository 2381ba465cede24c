"""Our own settings, one small model a part. Every value has a default that serves.

    defaults  <  the key ``toolweaver`` of the file  <  environment variables

A variable is named by its path: ``TOOLWEAVER_DOWNSTREAM__CALL_TIMEOUT=120``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mcp_toolweaver.config.expose_settings import ExposeSettings
from mcp_toolweaver.config.profile_settings import EffectSetting, ProfileSettings
from mcp_toolweaver.config.registry_settings import RegistrySettings
from mcp_toolweaver.config.result_settings import ResultSettings
from mcp_toolweaver.config.serve_settings import ServeSettings
from mcp_toolweaver.config.setting_types import (
    Count,
    Device,
    Engine,
    Folder,
    Lifetime,
    LogLevel,
    Port,
    Positive,
    Precision,
    RedisUrl,
    Seconds,
    Share,
    StartAt,
    Text,
    lower,
    number,
)
from mcp_toolweaver.core.access import Profile
from mcp_toolweaver.core.policy import SourcePolicy

ENVIRONMENT_PREFIX = "TOOLWEAVER_"
NESTED_DELIMITER = "__"
_APPLICATION = "toolweaver"
_POLICY = SourcePolicy()


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DownstreamSettings(_Part):
    """How the servers behind us are treated, times in seconds; one server may have its own values."""

    connect_timeout: Seconds = 60.0
    """For starting a server and listing its tools."""
    call_timeout: Seconds = 60.0
    """For one request to a server."""
    start: StartAt = _POLICY.start
    """``lazy`` starts a server whose tools are known when one of them is called, ``eager`` with us."""
    idle_timeout: Lifetime = _POLICY.idle_timeout
    """Without a call for so long, a lazy server is stopped; 0 never stops one."""
    refresh_interval: Lifetime = _POLICY.refresh_interval
    """A listing that is older is made anew; 0 never does that unasked."""
    concurrency: Positive = _POLICY.concurrency
    """Calls in flight at one server."""
    queue: Count = _POLICY.queue
    """Calls that wait for one of those to end; more are refused."""
    queue_timeout: Seconds = _POLICY.queue_timeout
    """How long one waits."""
    deadline: Seconds = _POLICY.deadline
    """For all of a call, once it does not wait."""

    @property
    def policy(self) -> SourcePolicy:
        """The part of it that is not the server's own to know."""
        return SourcePolicy(**self.model_dump(exclude={"connect_timeout", "call_timeout"}))


class EmbeddingSettings(_Part):
    """Search by meaning, beside search by words."""

    enabled: bool = True
    """False searches by words alone and loads no model."""
    model: str = "all-MiniLM-L6-v2"
    """The name of a model, or the folder it lies in."""
    device: Device = "auto"
    """``cuda``, ``cuda:1``, ``mps`` or ``cpu``; ``auto`` takes a GPU if there is one."""
    precision: Precision = "auto"
    """``auto`` embeds tools in full and queries in 8 bits; ``int8`` and ``fp32`` embed both alike."""
    threads: Positive | None = None
    """CPU threads for the model; without it half of the cores, at least two where there are two."""
    download: bool = True
    """Whether a model that is not on this machine may be fetched from the model hub."""


class IndexSettings(_Part):
    """Where tools are kept to be searched. Without any of this, in a folder of this machine."""

    engine: Engine | None = None
    """``embedded`` keeps a folder, ``memory`` nothing, ``qdrant`` a server's collection, which ``url`` alone means."""
    url: Text | None = None
    """The address of a Qdrant server or cluster, such as ``http://localhost:6333``."""
    api_key: SecretStr | None = None
    grpc: bool = True
    """Whether to prefer gRPC, on the port after that of the URL; REST is used where it does not answer."""
    grpc_port: Port | None = None
    catalog: Text | None = None
    """Keeps our tools apart from those of others in one collection; equal on all that serve the same tools."""
    prefix: Text = "toolweaver"
    """What the names of our collections begin with."""
    sharding: Annotated[Literal["auto", "custom"], BeforeValidator(lower)] = "auto"
    """``custom`` gives domains shards of their own on a cluster."""
    shard_number: Positive | None = None
    replication_factor: Positive | None = None
    quantization: bool = False
    """Search over vectors of 8-bit integers, and score what was found by the whole ones."""
    on_disk: bool = False
    """Keep vectors in files instead of memory."""
    standby: bool = True
    """Hold everything in memory too, so that search goes on as it was when a server is away."""
    timeout: Seconds = 0.25
    """Seconds for one query of the index, after which memory answers."""

    @property
    def chosen(self) -> Literal["embedded", "memory", "qdrant"]:
        """The engine that is meant."""
        return self.engine or ("qdrant" if self.url else "embedded")

    @model_validator(mode="after")
    def _has_url(self) -> IndexSettings:
        if self.engine == "qdrant" and self.url is None:
            raise PydanticCustomError("url", "engine is qdrant, but url is missing: the address of the server")
        return self


class SearchSettings(_Part):
    """How tools are ranked. `toolweaver eval --tune` says which values serve a catalog best."""

    meaning_weight: Share = 0.6
    """The share of meaning in a tool's score, the rest being words: 0 is words alone, 1 meaning alone."""


class RedisSettings(_Part):
    """A Redis that several Toolweavers share; without ``url`` none is used."""

    url: RedisUrl | None = None
    """``redis://``, ``rediss://`` for TLS, ``unix://``, or either with ``+sentinel`` or ``+cluster``; see the guide."""
    username: Text | None = None
    password: SecretStr | None = None
    """These two count before those in the URL."""
    ca_file: Folder | None = None
    """Certificates that sign the server's, instead of the system's."""
    cert_file: Folder | None = None
    key_file: Folder | None = None
    """Our certificate and its key, for a server that asks for one."""
    sentinel_username: Text | None = None
    sentinel_password: SecretStr | None = None
    max_connections: Annotated[int, BeforeValidator(number), Field(ge=1, le=50)] = 20
    timeout: Seconds = 0.25
    """Seconds for one answer, after which the file serves instead."""
    prefix: Text = "toolweaver"
    """What the names of our keys begin with."""


class LifetimeSettings(_Part):
    """Seconds that something is kept; 0 keeps none of it."""

    catalog: Lifetime = 24 * 3600.0
    """What a server listed, in Redis; the last listing is also kept in ``data_dir``, for the next start."""
    definitions: Lifetime = 24 * 3600.0
    """Definitions of tools, in Redis."""
    search: Lifetime = 3600.0
    """Whole answers."""
    embeddings: Lifetime = 7 * 24 * 3600.0
    """Vectors; those that are asked for live on."""


class CacheSettings(_Part):
    """What is kept to be quicker the next time: in memory, then in Redis if there is one, else in a file."""

    redis: RedisSettings = RedisSettings()
    lifetimes: LifetimeSettings = LifetimeSettings()
    memory_entries: Count = 10_000
    memory_mb: Count = 64
    """How much is held in the process."""
    file_mb: Positive = 512
    """How large the file may get."""
    secret: SecretStr | None = None
    """Signs what lies in Redis, equal on all that share it; without it the password of Redis does, or our own."""
    learn_queries: bool = True
    """Whether to count which questions are asked, and answer the most frequent anew after a change of the tools."""


class Settings(BaseSettings):
    """All settings.

    Building one reads nothing but its arguments, so it is the same everywhere; `load` is
    what brings the file and the environment together.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter=NESTED_DELIMITER, extra="forbid", frozen=True
    )

    expose: ExposeSettings = ExposeSettings()
    downstream: DownstreamSettings = DownstreamSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    search: SearchSettings = SearchSettings()
    index: IndexSettings = IndexSettings()
    cache: CacheSettings = CacheSettings()
    results: ResultSettings = ResultSettings()
    serve: ServeSettings = ServeSettings()
    registry: RegistrySettings = RegistrySettings()
    profiles: dict[Text, ProfileSettings] = {}
    """Parts of the catalog by name, for tokens, paths and ``serve --profile``."""
    effects: dict[Text, EffectSetting] = {}
    """What calls of some tools do, by pattern, where the tools themselves say otherwise or nothing."""
    data_dir: Folder = Field(default_factory=lambda: user_data_path(_APPLICATION, appauthor=False))
    """Where what must last is kept, such as the last good catalog; ``~`` is the home folder."""
    cache_dir: Folder = Field(default_factory=lambda: user_cache_path(_APPLICATION, appauthor=False))
    """Where what can be made again is kept, such as embeddings; ``~`` is the home folder."""
    models_dir: Folder | None = None
    """Where models are kept as they were made ready to be run; without it in ``cache_dir``."""
    log_level: LogLevel = "info"
    """The least serious messages that are logged."""

    @property
    def named_profiles(self) -> dict[str, Profile]:
        """The profiles by name, for those who go by them."""
        return {name: given.profile(name) for name, given in self.profiles.items()}

    @property
    def models(self) -> Path:
        """The folder of the model cache."""
        return self.models_dir or self.cache_dir / "models"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic-settings sets the signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the arguments only; pydantic-settings would read the process's environment too."""
        return (init_settings,)
