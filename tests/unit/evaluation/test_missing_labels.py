"""Labels that no tool of the catalog answers to are told."""

from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.evaluation import LabelledQuery, missing_labels

CATALOG = Snapshot.of(Tool(ToolId(server, "send"), {"name": "send"}) for server in ("mail", "chat"))


def query(*needs: tuple[str, ...]) -> LabelledQuery:
    return LabelledQuery("q", "text", needs)


def test_labels_in_the_catalog_are_not_missing() -> None:
    assert missing_labels([query(("mail::send",), ("send",)), query()], CATALOG) == ()


def test_a_need_without_any_alternative_in_the_catalog_is_told() -> None:
    assert missing_labels([query(("mail::send",), ("fax::send", "telex"))], CATALOG) == ("fax::send", "telex")


def test_one_known_alternative_is_enough() -> None:
    assert missing_labels([query(("fax::send", "chat::send"))], CATALOG) == ()


def test_each_label_is_told_once_in_the_order_of_the_queries() -> None:
    queries = [query(("telex",)), query(("fax",), ("telex",))]
    assert missing_labels(queries, CATALOG) == ("telex", "fax")


def test_a_server_alone_is_no_tool() -> None:
    assert missing_labels([query(("mail",))], CATALOG) == ("mail",)
