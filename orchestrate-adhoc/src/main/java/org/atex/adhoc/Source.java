package org.atex.adhoc;

import java.time.Duration;
import java.util.Objects;
import org.atex.api.Provisioner;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * A provisioner of a run, with the terms on which the run uses it.
 *
 * {@snippet :
 * builder.on(Source.of(ownMachines).withName("lab").withPreference(1))
 *         .on(Source.of(rentedMachines).withName("cloud").withMaxSystems(10));
 * }
 *
 * <p>Immutable.
 */
public final class Source {
    final Provisioner provisioner;

    @Nullable
    final String name;

    final int preference;
    final int maxSystems;

    final double cost;

    @Nullable
    final Duration expected;

    private Source(
            Provisioner provisioner,
            @Nullable String name,
            int preference,
            int maxSystems,
            double cost,
            @Nullable Duration expected) {
        this.provisioner = provisioner;
        this.name = name;
        this.preference = preference;
        this.maxSystems = maxSystems;
        this.cost = cost;
        this.expected = expected;
    }

    /**
     * {@return a source without a name, with the preference 0, the cost 0 and without a limit}
     *
     * @param provisioner the provisioner; the caller must close it after the run
     */
    public static Source of(Provisioner provisioner) {
        return new Source(Objects.requireNonNull(provisioner), null, 0, Integer.MAX_VALUE, 0, null);
    }

    /**
     * {@return a copy with a name for messages, events and records} The name is also the platform of the tests that run
     * on its systems, unless {@link RunBuilder#platform} sets one for the whole run.
     *
     * @param unique a name that is unique in the run, such as {@code rhel-9}
     */
    public Source withName(String unique) {
        return new Source(provisioner, Objects.requireNonNull(unique), preference, maxSystems, cost, expected);
    }

    /**
     * {@return a copy with a preference} Systems are requested from the sources with the highest preference, as long as
     * these have suitable systems, are below their limit, and work. Sources with the same preference share the load.
     *
     * @param number the preference; a free machine may have a higher number than a rented one
     */
    public Source withPreference(int number) {
        return new Source(provisioner, name, number, maxSystems, cost, expected);
    }

    /**
     * {@return a copy with a limit for the systems that the run has from this source at the same time, requested systems
     * and systems being given back included}
     *
     * @param most the maximum, at least 1
     * @throws IllegalArgumentException if it is less than 1
     */
    public Source withMaxSystems(int most) {
        return new Source(provisioner, name, preference, Arguments.atLeast(1, most, "maxSystems"), cost, expected);
    }

    /**
     * {@return a copy with a cost} Of sources with the same preference, the cheapest are asked first. Of several systems
     * that suit, the cheapest run the tests; of idle systems, the most expensive are released first.
     *
     * @param amount the cost of a system for some time, in any unit that all sources of the run share
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public Source withCost(double amount) {
        if (!(amount >= 0 && Double.isFinite(amount))) {
            throw new IllegalArgumentException("the cost must be a number of at least 0, not " + amount);
        }
        return new Source(provisioner, name, preference, maxSystems, amount, expected);
    }

    /**
     * {@return a copy with the time within which a requested system usually arrives} If one takes longer, the run
     * requests a system from another source in addition, and uses whichever arrives first. The other is given back if
     * no test needs it. If the run has requested as many systems as it may have, it withdraws the late requests
     * instead.
     *
     * @param time the time; default: three times the time that systems of another source of the run have taken, at
     *     least one minute. Only sources with at least the same preference, and at most the same cost, are compared.
     * @throws IllegalArgumentException if it is not positive
     */
    public Source withExpected(Duration time) {
        return new Source(provisioner, name, preference, maxSystems, cost, Arguments.positive(time, "expected"));
    }
}
