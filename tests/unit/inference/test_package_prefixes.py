"""Names of schemas of gRPC services and of Go, without the package before them."""

from __future__ import annotations

import pytest

from oakum.inference.package_prefixes import packages, without_package


@pytest.mark.parametrize(
    ("schemas", "known"),
    [
        (["v2User", "v2Memo", "apiv2Reaction", "apiv2Tag"], {"v2", "apiv2"}),
        (["v2beta1Run", "v2beta1Job"], {"v2beta1"}),
        (["lnrpcInvoice", "lnrpcPayment", "protobufAny"], {"lnrpc"}),
        (["apiRun", "apiJob", "googlerpcStatus"], {"api"}),
        (["userProfile", "userSettings"], set()),
        (["v2User"], set()),
        (["User", "Memo", "protobufAny"], set()),
    ],
)
def test_a_prefix_of_several_schemas_is_a_package(schemas: list[str], known: set[str]) -> None:
    assert packages(schemas) == known


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("v2User", "User"),
        ("v2UserAccessToken", "UserAccessToken"),
        ("apiRun", "apiRun"),
        ("v1.User", "User"),
        ("models.User", "User"),
        ("web_api.User", "User"),
        ("Models.User", "Models.User"),
        ("account.settings", "account.settings"),
        ("billing.v1alpha1.Invoice", "billing.v1alpha1.Invoice"),
        ("v2", "v2"),
        ("V2User", "V2User"),
    ],
)
def test_a_name_loses_its_package(name: str, bare: str) -> None:
    assert without_package(name, {"v2"}) == bare
