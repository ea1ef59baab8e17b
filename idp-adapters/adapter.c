/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/adapter.h"

const struct adapter *adapter_of(enum idp_kind kind)
{
    switch (kind) {
    case IDP_LOCAL:
        return &adapter_local;
    case IDP_OIDC:
        return &adapter_oidc;
    case IDP_SAML:
        return &adapter_saml;
    case IDP_NONE:
        break;
    }
    return NULL;
}
