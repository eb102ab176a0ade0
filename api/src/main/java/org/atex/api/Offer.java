package org.atex.api;

/** What a {@link Provisioner} has for whoever asks. */
public sealed interface Offer {
    /**
     * A system, now the taker's to close.
     *
     * @param remote the system
     */
    record Ready(Remote remote) implements Offer {}

    /**
     * One system that was asked for could not be had; nothing takes its place unless it is asked for again.
     *
     * @param cause why
     */
    record Failed(ProvisioningException cause) implements Offer {}

    /**
     * No system will come any more, whatever is asked for, until one is given back.
     *
     * @param why the reason
     */
    record Exhausted(String why) implements Offer {}

    /** Nothing within the time given. */
    record None() implements Offer {}
}
