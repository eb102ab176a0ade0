package org.atex.testingfarm;

import org.jspecify.annotations.Nullable;

/**
 * The owner and the properties of a token. Immutable.
 *
 * @param tokenId the id of the token, with which its requests are found
 * @param tokenName the name of the token
 * @param ranch the ranch of its machines: {@code public} or {@code redhat}
 * @param role the role of the token
 * @param userName the name of its owner
 */
public record Identity(
        @Nullable String tokenId,
        @Nullable String tokenName,
        @Nullable String ranch,
        @Nullable String role,
        @Nullable String userName) {
    /** {@return whether its machines are behind a firewall that a request must open} */
    public boolean needsFirewallRule() {
        return "public".equals(ranch);
    }
}
