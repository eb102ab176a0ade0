package org.atex.testingfarm;

import org.jspecify.annotations.Nullable;

/**
 * Who a token belongs to. Immutable.
 *
 * @param tokenId the token's id, by which requests are found
 * @param tokenName what the token is called
 * @param ranch {@code public} or {@code redhat}: where its machines are
 * @param role what it may do
 * @param userName whose it is
 */
public record Identity(
        @Nullable String tokenId,
        @Nullable String tokenName,
        @Nullable String ranch,
        @Nullable String role,
        @Nullable String userName) {
    /** {@return whether its machines are behind a firewall that must be told who may come in} */
    public boolean needsFirewallRule() {
        return "public".equals(ranch);
    }
}
