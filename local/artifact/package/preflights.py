"""Has API Gateway answer pages of other origins itself, where a system lists such origins.

The origins come from the stack's parameter `CorsOrigins`. A system without this parameter gets nothing.

- OPTIONS of every path is a mock integration, so a preflight starts no function. Its mapping template
  names the origin only if it is listed. What else it says is the same for all: without the origin a
  browser takes it for a refusal.
- API Gateway's own answers and the firewall's are the same for every request, so they cannot name the
  request's origin. They allow any, as soon as one is listed: they say nothing that is anybody's, and a
  page needs their status and `Retry-After`.

Leaves the functions' answers to the layer. `local.gateway.preflight` does the same locally.

Sources: "Override your API's request and response parameters" and "Gateway responses" in API Gateway's
developer guide.
"""

from __future__ import annotations

from typing import Any

from fintegrate.http.cors import ALLOW_ORIGIN, TOLD_HEADERS, Origins
from local.artifact.package.template import ANY_METHOD

Template = dict[str, Any]
ORIGINS_SETTING = "CORS_ORIGINS"
PARAMETER = "CorsOrigins"
LISTS_ORIGINS = "ListsOrigins"
"""The condition that there is an origin."""
NO_VALUE = {"Ref": "AWS::NoValue"}
EXPOSED = "Access-Control-Expose-Headers"
_ANYBODYS = Origins(has_any=True)

# The list stands between commas, and so must the origin. A header keeps the case in which the client
# wrote its name, and is null or empty where there is none. An override may be set once only.
_MAPPING = """#set($listed = ",${CorsOrigins},")
#set($allowed = "")
#foreach($name in ["origin", "Origin"])
#set($origin = $input.params().header.get($name))
#if($origin && $origin != "" && !$origin.contains(",") && $listed.contains(",$origin,"))
#set($allowed = $origin)
#end
#end
#if($listed == ",*,")#set($allowed = "*")#end
#if($allowed != "")#set($context.responseOverride.header.Access-Control-Allow-Origin = $allowed)#end
"""


def lists_origins(template: Template) -> bool:
    """Whether the template of a system takes origins."""
    return PARAMETER in template["Parameters"]


def let_gateway_be_read(template: Template, answers: Template, rules: list[Template]) -> None:
    """Let pages read API Gateway's own answers and the firewall's.

    Args:
        answers: API Gateway's answers by kind
        rules: the firewall's rules
    """
    is_empty = {"Fn::Equals": [{"Ref": PARAMETER}, ""]}
    template["Conditions"][LISTS_ORIGINS] = {"Fn::Not": [is_empty]}
    headers = {ALLOW_ORIGIN: "*", EXPOSED: ", ".join(TOLD_HEADERS)}
    for answer in answers.values():
        said = {name: _if_listed(f"'{value}'") for name, value in headers.items()}
        answer["ResponseParameters"]["Headers"].update(said)
    for rule in rules:
        refusal = rule["Action"]["Block"]["CustomResponse"]
        said_by_it = [{"Name": name, "Value": value} for name, value in headers.items()]
        refusal["ResponseHeaders"] = [*refusal["ResponseHeaders"], *map(_if_listed, said_by_it)]


def _if_listed(value: Any) -> Template:
    return {"Fn::If": [LISTS_ORIGINS, value, NO_VALUE]}


def preflight_operation(operations: Template) -> Template:
    """OPTIONS of a path that has these operations, for the API's definition."""
    methods = {name.upper() for name in operations if name not in (ANY_METHOD, "options")}
    methods |= {"HEAD"} if "GET" in methods else set()
    said = _ANYBODYS.preflight(None, methods)
    fixed = {**said, "Allow": ", ".join(sorted({*methods, "OPTIONS"})), "Vary": "Origin"}
    del fixed[ALLOW_ORIGIN]
    return {
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "responses": {
            "204": {
                "description": "What a page of another origin may do here",
                "headers": {name: {"type": "string"} for name in (*fixed, ALLOW_ORIGIN)},
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "contentHandling": "CONVERT_TO_TEXT",
            "passthroughBehavior": "when_no_match",
            "requestTemplates": {"application/json": '{"statusCode": 204}'},
            "responses": {
                "default": {
                    "statusCode": "204",
                    "responseParameters": {
                        f"method.response.header.{name}": f"'{value}'"
                        for name, value in fixed.items()
                    },
                    "responseTemplates": {
                        "application/json": {"Fn::Sub": _MAPPING},
                    },
                }
            },
        },
    }
