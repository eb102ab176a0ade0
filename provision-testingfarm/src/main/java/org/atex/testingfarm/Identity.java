package org.atex.testingfarm;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The owner and the properties of a token. Immutable. */
public final class Identity {
    private final @Nullable String tokenId;
    private final @Nullable String tokenName;
    private final @Nullable String ranch;
    private final @Nullable String role;
    private final @Nullable String userName;

    Identity(
            @Nullable String tokenId,
            @Nullable String tokenName,
            @Nullable String ranch,
            @Nullable String role,
            @Nullable String userName) {
        this.tokenId = tokenId;
        this.tokenName = tokenName;
        this.ranch = ranch;
        this.role = role;
        this.userName = userName;
    }

    /** {@return the id of the token, with which its requests are found; null if unknown} */
    public @Nullable String tokenId() {
        return tokenId;
    }

    /** {@return the name of the token, or null} */
    public @Nullable String tokenName() {
        return tokenName;
    }

    /** {@return the ranch of its machines: {@code public} or {@code redhat}; null if unknown} */
    public @Nullable String ranch() {
        return ranch;
    }

    /** {@return the role of the token, or null} */
    public @Nullable String role() {
        return role;
    }

    /** {@return the name of its owner, or null} */
    public @Nullable String userName() {
        return userName;
    }

    /** {@return whether its machines are behind a firewall that a request must open} */
    public boolean needsFirewallRule() {
        return "public".equals(ranch);
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(tokenId, tokenName, ranch, role, userName);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Identity that && properties().equals(that.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }

    @Override
    public String toString() {
        return "Identity" + properties();
    }
}
