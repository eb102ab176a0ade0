package org.atex.api;

/**
 * The result of {@link Provisioner#take}: a system, or the reason why none is available. Immutable.
 *
 * {@snippet :
 * switch (provisioner.take(Duration.ofMinutes(10))) {
 *     case Offer.Ready ready -> use(ready.remote());
 *     case Offer.Failed failed -> provisioner.provision(1);
 *     case Offer.Exhausted exhausted -> giveUp(exhausted.why());
 *     case Offer.None(String why) -> waitLonger(why);
 * }
 * }
 */
public sealed interface Offer {
    /**
     * {@return the system}
     *
     * {@snippet :
     * try (Remote remote = provisioner.take(Duration.ofMinutes(10)).orThrow()) {
     *     remote.connection().run(Command.of("uname", "-r")).orThrow();
     * }
     * }
     *
     * @throws ProvisioningException if this is no {@link Ready}, with the reason
     */
    default Remote orThrow() {
        return switch (this) {
            case Ready(Remote remote) -> remote;
            // A new exception, which has the stack of the caller.
            case Failed(ProvisioningException cause) ->
                throw new ProvisioningException(
                        String.valueOf(cause.getMessage()), cause, cause.host().orElse(null));
            case Exhausted(String why) -> throw new ProvisioningException("no system is available: " + why, null);
            case None(String why) ->
                throw new ProvisioningException(
                        "no system became ready within the given time" + (why.isEmpty() ? "" : ": " + why), null);
        };
    }

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

    /**
     * No system became ready within the given time. The requests remain.
     *
     * @param why the reason, or an empty text if the provisioner does not tell
     */
    record None(String why) implements Offer {
        /** Creates an offer without a reason. */
        public None() {
            this("");
        }
    }
}
