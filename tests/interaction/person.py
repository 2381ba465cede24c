"""A host with a user who answers, a model and folders; it notes what it was asked and told."""

from __future__ import annotations

from mcp.client.client import Client
from mcp.client.context import ClientRequestContext
from mcp.client.session import MessageHandlerFnT
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitResult,
    ListRootsResult,
    LoggingMessageNotificationParams,
    TextContent,
)


class Person:
    """Answers what a host is asked for, in a way that tells one person from another."""

    def __init__(self, name: str = "Ada") -> None:
        self.name = name
        self.asked: list[str] = []
        self.logged: list[str] = []

    async def elicit(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        """Accept, and give the name."""
        del context
        self.asked.append(params.message)
        return ElicitResult(action="accept", content={"name": self.name})

    async def sample(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
        """Greet."""
        del context
        self.asked.append(str(params.messages[0].content))
        content = TextContent(type="text", text=f"hello from {self.name}")
        return CreateMessageResult(role="assistant", content=content, model="m")

    async def roots(self, context: ClientRequestContext) -> ListRootsResult:
        """Name the one folder."""
        del context
        self.asked.append("roots")
        return ListRootsResult.model_validate({"roots": [{"uri": f"file:///home/{self.name}"}]})

    async def log(self, params: LoggingMessageNotificationParams) -> None:
        """Note a log message."""
        self.logged.append(f"{params.level}: {params.data}")

    def client(
        self, server: StdioServerParameters, mode: str, message_handler: MessageHandlerFnT | None = None
    ) -> Client:
        """Return a host that starts a server when it is entered."""
        return Client(
            stdio_client(server),
            mode=mode,
            read_timeout_seconds=30,
            elicitation_callback=self.elicit,
            sampling_callback=self.sample,
            list_roots_callback=self.roots,
            logging_callback=self.log,
            message_handler=message_handler,
        )
