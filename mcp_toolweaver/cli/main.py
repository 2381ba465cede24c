"""The commands. What a command needs is imported when it runs, so that ``serve`` answers at once."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Optional

import typer

from mcp_toolweaver.cli.cache_group import cache
from mcp_toolweaver.cli.completion_command import completion
from mcp_toolweaver.cli.explain_command import explain
from mcp_toolweaver.cli.host_commands import connect, disconnect, import_
from mcp_toolweaver.cli.index_group import index
from mcp_toolweaver.cli.login_commands import login, logout
from mcp_toolweaver.cli.options import AnyServer, AsJson, Config, Domain, Kind, Server, Within, WordsOnly
from mcp_toolweaver.cli.registry_group import add, registry, remove
from mcp_toolweaver.cli.secret_group import secret
from mcp_toolweaver.cli.serve_command import ServeCommand, serve
from mcp_toolweaver.cli.teaching import teach
from mcp_toolweaver.cli.token_group import token

app = typer.Typer(
    name="toolweaver",
    help="One MCP server in front of all your tools: the model searches for the right tool and calls it.",
    epilog="Start with: toolweaver demo. Then: toolweaver import, which brings the servers of your hosts together, and "
    "toolweaver connect HOST. Exit status: 0 all is well, 1 the answer is no, 2 wrong usage or configuration.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(explain)
app.command(cls=ServeCommand)(serve)
app.command("import")(import_)
app.command()(connect)
app.command()(disconnect)
app.command()(add)
app.command()(remove)
app.command()(completion)
app.command()(login)
app.command()(logout)
app.add_typer(registry, name="registry")
app.add_typer(index, name="index")
app.add_typer(cache, name="cache")
app.add_typer(token, name="token")
app.add_typer(secret, name="secret")


def _version(wanted: bool) -> None:  # noqa: FBT001  typer's callback
    if wanted:
        typer.echo(f"toolweaver {version('mcp-toolweaver')}")
        raise typer.Exit


@app.callback()
def root(
    *, _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False
) -> None:
    """Hold the options of all commands."""


@app.command()
def status(*, config: Config = None, as_json: AsJson = False) -> None:
    """Show how each running `toolweaver serve` is doing; status 0 if one of them is ready."""
    from mcp_toolweaver.cli import status  # noqa: PLC0415

    raise typer.Exit(status.run(config, as_json=as_json))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What you want to do, in your own words.")],
    *,
    config: Config = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=50, help="How many tools to show.")] = 5,
    domain: Domain = None,
    profile: Within = None,
    kind: Kind = None,
    words_only: WordsOnly = False,
    as_json: AsJson = False,
) -> None:
    """Search the tools of all servers, as a model would."""
    from mcp_toolweaver.cli import searching  # noqa: PLC0415

    asked = {"query": query, "limit": limit, "domain": domain, "kind": kind}
    raise typer.Exit(searching.run(config, asked, profile=profile, words_only=words_only, as_json=as_json))


@app.command(name="list")
def list_(
    server: AnyServer = None,
    *,
    config: Config = None,
    tools: Annotated[bool, typer.Option("--tools", help="List the tools of all servers.")] = False,
    domains: Annotated[bool, typer.Option("--domains", help="List the domains: their tools and servers.")] = False,
    problems: Annotated[bool, typer.Option("--problems", help="Show which tools were left out, and why.")] = False,
    known: Annotated[bool, typer.Option("--known", help="Show what the last listings say; start no server.")] = False,
    timing: Annotated[bool, typer.Option("--timing", help="Show what each server took, the slowest first.")] = False,
    profile: Within = None,
    as_json: AsJson = False,
) -> None:
    """Start all servers and list them: which are ready, which failed and why, and how many tools each has."""
    from mcp_toolweaver.cli import listing  # noqa: PLC0415

    wishes = listing.Wishes(
        server, profile, tools=tools, domains=domains, problems=problems, known=known, timing=timing
    )
    raise typer.Exit(listing.run(config, wishes, as_json=as_json))


@app.command()
def call(
    name: Annotated[str, typer.Argument(help="The tool: server__tool, as search and list print it.")],
    arguments: Annotated[str, typer.Argument(help="Its arguments, as a JSON object.")] = "{}",
    *,
    config: Config = None,
    profile: Within = None,
    as_json: AsJson = False,
) -> None:
    """Call a tool and print what it returns."""
    from mcp_toolweaver.cli import calling  # noqa: PLC0415

    raise typer.Exit(calling.run(config, name, arguments, profile=profile, as_json=as_json))


@app.command()
def logs(
    server: Server,
    *,
    config: Config = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines to print.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what comes, until Ctrl+C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print what a server wrote to stderr, and when and why it was started, stopped or ended."""
    from mcp_toolweaver.cli import log_printing  # noqa: PLC0415

    wishes = log_printing.Wishes(server, lines=lines, follow=follow, as_json=as_json)
    raise typer.Exit(log_printing.run(config, wishes))


@app.command(name="eval")
def evaluate(
    *,
    queries: Annotated[Path, typer.Option(help="Labelled queries: JSON lines with query and needs or relevant.")],
    catalog: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Search the tools of a catalog file, or a folder of them, not those of the servers."),
    ] = None,
    config: Config = None,
    words_only: WordsOnly = False,
    failures: Annotated[int, typer.Option(min=0, help="How many of the worst queries to show and explain.")] = 0,
    aliases: Annotated[bool, typer.Option("--aliases", help="Suggest words that the tools' texts lack.")] = False,
    compare: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Compare with a setting KEY=VALUE, a configuration, or a report that --json wrote."),
    ] = None,
    tune: Annotated[bool, typer.Option("--tune", help="Say which search.meaning_weight serves best.")] = False,
    metric: Annotated[str, typer.Option(help="What --compare, --tune and --aliases go by.")] = "nDCG@10",
    fail_under: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="METRIC=VALUE: end with status 1 below that; may be repeated."),
    ] = None,
    junit: Annotated[Optional[Path], typer.Option(help="Write JUnit XML to this file.")] = None,  # noqa: UP045
    as_json: AsJson = False,
) -> None:
    """Measure the search on a labelled set: recall, nDCG, MRR and latency; compare, explain and tune it."""
    from mcp_toolweaver.cli import evaluating  # noqa: PLC0415

    wishes = evaluating.Wishes(
        queries=queries,
        catalog=catalog,
        config=config,
        words_only=words_only,
        metric=metric,
        failures=failures,
        aliases=aliases,
        compare=compare or (),
        tune=tune,
        fail_under=fail_under or (),
        junit=junit,
        as_json=as_json,
    )
    raise typer.Exit(evaluating.run(wishes))


@app.command()
def doctor(
    *,
    config: Config = None,
    start: Annotated[bool, typer.Option(help="Whether to start each server, list it and time it.")] = True,
    as_json: AsJson = False,
) -> None:
    """Show what is here, what will run where, and what to do about what is not well; loads no model."""
    from mcp_toolweaver.cli import doctor  # noqa: PLC0415

    raise typer.Exit(doctor.run(config, starts=start, as_json=as_json))


@app.command()
def demo(
    *,
    words_only: WordsOnly = False,
) -> None:
    """Show the whole thing: real servers, a few hundred tools, some searches and a real call."""
    from mcp_toolweaver.cli import demonstrating  # noqa: PLC0415

    raise typer.Exit(demonstrating.run(words_only=words_only))


teach(app)
