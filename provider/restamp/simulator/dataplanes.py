"""The hosts beside Resource Manager: vaults and Graph. Who asks is found out as there; refusals have their own form."""

from . import gateway, graph, vault_secrets, vaults
from .identity import IdentityService
from .messages import Refusal, Request, Response, error, refuse
from .principals import Principal
from .rights import at_home
from .state import State
from .store import Wire


def answer(request: Request, plane: str, identity: IdentityService, state: State) -> tuple[Response, Principal | None]:
    """Return what a vault or Graph answers, and who asked."""
    principal = None
    vault = vaults.named(state, request.host.partition(".")[0]) if plane == "vault" else None
    if plane == "vault" and vault is None:
        return error(404, "VaultNotFound", f"There is no vault at '{request.host}'."), None
    try:
        principal = gateway.sign_in(request, identity, state, plane)
        if vault is None:
            return graph.answer(request, state, principal), principal
        _check_directory(state, principal, vault)
        return vault_secrets.answer(request, state, vault, principal), principal
    except Refusal as refused:
        response = refused.response
    if response.status == 401 and plane == "vault":
        response = _challenge(response, identity, state, str((vault or {})["properties"]["tenantId"]))
    return response, principal


def _check_directory(state: State, principal: Principal, vault: Wire) -> None:
    if not at_home(state, principal, vault["properties"]):
        raise refuse(401, "Unauthorized", "AKV10032: Invalid issuer: the token is of another directory.")


def _challenge(refused: Response, identity: IdentityService, state: State, tenant: str) -> Response:
    """Return the 401 that tells where to sign in, and for what (documented)."""
    where = identity.authority if state.identity == "ADFS" else f"{identity.authority}{tenant}"
    text = refused.body["error"]["message"]
    challenge = f'Bearer authorization="{where}", resource="{identity.audience("vault")}"'
    return error(401, "Unauthorized", text, www_authenticate=challenge)
