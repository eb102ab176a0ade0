package org.atex.api;

/**
 * The result of {@link Provisioner#take}: a system, or the reason why none is available. Immutable.
 *
 * {@snippet :
 * switch (provisioner.take(Duration.ofMinutes(10))) {
 *     case Offer.Ready ready -> use(ready.remote());
 *     case Offer.Failed failed -> provisioner.provision(1);
 *     case Offer.Exhausted exhausted -> giveUp(exhausted.why());
 *     case Offer.None none -> {}
 * }
 * }
 */
public sealed interface Offer {
    /**
     * A system. The caller of {@link Provisioner#take} must close it.
     *
     * @param remote the system
     */
    record Ready(Remote remote) implements Offer {}

    /**
     * One requested system could not be provisioned. No other system replaces it; the caller may request another one.
     *
     * @param cause the reason
     */
    record Failed(ProvisioningException cause) implements Offer {}

    /**
     * No further system will come, however many are requested, until a system is closed.
     *
     * @param why the reason
     */
    record Exhausted(String why) implements Offer {}

    /** No system became ready within the given time. */
    record None() implements Offer {}
}
