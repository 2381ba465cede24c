"""Words that say nothing about which tool or server is named."""

from __future__ import annotations

# Lists of words read best as words.
# ruff: noqa: SIM905

FILLER = frozenset(
    (
        "a an and ask call called can command could do execute for from function help how i id in invoke is it just "
        "let lets like mcp me method my named need now of on operation our please run s should show the then to tool "
        "tools try trigger use using via want we what with would you your"
    ).split(" ")
)
"""What may stand around a name in a request for it."""

DETERMINERS = frozenset("a an the my our your this that these those some any all its their his her new me".split(" "))
"""What may stand inside a name that is spelled as prose."""

NO_NAMES = FILLER | DETERMINERS

PREPOSITIONS = frozenset(
    (
        "about as at by for from in inside into named of on onto over called that through titled to under using via "
        "when where which whose with within"
    ).split(" ")
)

MARKERS = frozenset("tool function command endpoint method operation".split(" "))
"""What stands after a name that is meant as a name."""

AFFIXES = frozenset(
    (
        "mcp server servers api apis official io com org net app client service services tool tools remote hosted "
        "community the prod production dev staging beta"
    ).split(" ")
)
"""What stands around the name of a product in the name of its server."""

CALENDAR = frozenset(
    (
        "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
        "september october november december"
    ).split(" ")
)
"""What is written with a capital in any sentence."""

ORDINARY = CALENDAR | frozenset(
    (
        "account accounts action actions add agent ai analysis app archive art article assistant audio auth basic "
        "billing block board book books bot box browser build business button calculator calendar call card cars cat "
        "cats chain chart chat check city clear click client cloud code color comment commerce company compute config "
        "contact contacts content context convert copy core cost country create crypto dash dashboard data database "
        "date db deploy design desktop device dictionary diff directory dns docs document documents domain download "
        "drive echo edit editor email emails english event events everything exchange execute export face fact "
        "facts fetch file files filesystem film finance find flight flights flow food football form format forms free "
        "function functions game games generate geo get graph group health help history home hotel hotels html http "
        "id image images import inbox info instruments invoice issue issues item items job jobs json keyword knowledge "
        "language learning ledger line link links list live local location locations log logs mail manage map "
        "maps market match math media meeting memory message messages meta metrics mind model models money monitor "
        "movie movies music name names network news note notes number numbers office open order orders "
        "page pages paper papers password payment payments pdf people phone photo photos picture place places play "
        "player plan planner plants post posts price prices product products profile project projects prompt property "
        "proxy public query question questions quote quotes random rate read reader recipe recipes record register "
        "reminder report request research resource resources result results run sandbox schedule score search secret "
        "send sequential sequence service set shell shop shopping site social sound space speech sport sports "
        "sql stock stocks storage store stream sum support system table tables task tasks team teams terminal "
        "test text theme thinking ticket tickets time timer title todo total track tracker trade trading train "
        "transfer translate translation travel trends trigger trip tv ui unit update upload url user users utility "
        "validate validator value vault vector video videos view voice wallet watch weather web website wiki "
        "word words work workspace world write xml"
    ).split(" ")
)
"""Words of ordinary requests that servers are called by too."""
