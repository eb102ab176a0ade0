package org.atex.provision;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.atex.api.Provisioner;
import org.atex.support.Arguments;

/**
 * Makes provisioners of functions that make a system.
 *
 * {@snippet :
 * Provisioner machines = Provisioners.of(4, number -> Remote.of(SshConnection.open(bootMachine(number), options)));
 * }
 *
 * <p>The provisioner calls the function for each requested system, in parallel, and hands out the results. It names each
 * system after the result, with {@code #2} and so on appended when a name is used again. A system that is closed makes
 * room for the next one.
 *
 * <p>A function that throws costs one request, which ends with {@link org.atex.api.Offer.Failed}. So does one that
 * returns null, or a system that is in use already, or that does not return within
 * {@link Builder#startWithin(Duration)}. A system that arrives when it is not needed any more is closed.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}. {@link Provisioner#close} interrupts the calls in
 * progress, closes all systems in parallel, and waits up to {@link Builder#closeWithin(Duration)} for both.
 */
public final class Provisioners {
    private Provisioners() {}

    /**
     * {@return a provisioner of systems that a function makes}
     *
     * @param maxSystems the maximum number of systems that exist at the same time, at least 1
     * @param maker makes a system
     * @throws IllegalArgumentException if the maximum is less than 1
     */
    public static Provisioner of(int maxSystems, SystemMaker maker) {
        return builder(maker).maxSystems(maxSystems).build();
    }

    /**
     * {@return a builder of a provisioner}
     *
     * @param maker makes a system
     */
    public static Builder builder(SystemMaker maker) {
        return new Builder(maker);
    }

    /** Builds a provisioner. Not thread-safe. */
    public static final class Builder {
        final SystemMaker maker;
        final Map<String, String> labels = new HashMap<>();
        String name = "systems";
        int maxSystems = Integer.MAX_VALUE;
        int maxConcurrentStarts = Integer.MAX_VALUE;
        Duration startWithin = Duration.ofMinutes(30);
        Duration closeWithin = Duration.ofMinutes(5);
        boolean checkResets = true;

        private Builder(SystemMaker maker) {
            this.maker = maker;
        }

        /**
         * Sets the name of the provisioner in messages and thread names.
         *
         * @param text a plural noun, such as {@code containers of fedora:42}; {@code systems} by default
         * @return this builder
         */
        public Builder name(String text) {
            name = text;
            return this;
        }

        /**
         * Sets the maximum number of systems that exist at the same time, including those being made and being closed;
         * no limit by default.
         *
         * @param most the maximum, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder maxSystems(int most) {
            maxSystems = Arguments.atLeast(1, most, "maxSystems");
            return this;
        }

        /**
         * Sets the maximum number of systems that are made at the same time; no limit by default.
         *
         * @param most the maximum, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder maxConcurrentStarts(int most) {
            maxConcurrentStarts = Arguments.atLeast(1, most, "maxConcurrentStarts");
            return this;
        }

        /**
         * Adds a label that all systems have. Systems need not return it themselves.
         *
         * @param label the label
         * @param value its value
         * @return this builder
         */
        public Builder label(String label, String value) {
            labels.put(label, value);
            return this;
        }

        /**
         * Adds labels that all systems have.
         *
         * @param more the labels
         * @return this builder
         */
        public Builder labels(Map<String, String> more) {
            labels.putAll(more);
            return this;
        }

        /**
         * Sets the time within which a system must be made; 30 minutes by default. After that the thread is
         * interrupted, and the request fails.
         *
         * @param limit the time limit
         * @return this builder
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder startWithin(Duration limit) {
            startWithin = Arguments.positive(limit, "startWithin");
            return this;
        }

        /**
         * Sets the time within which {@link Provisioner#close} must have closed all systems; 5 minutes by default.
         * After that it returns, and logs the systems and threads that are left.
         *
         * @param limit the time limit
         * @return this builder
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder closeWithin(Duration limit) {
            closeWithin = Arguments.positive(limit, "closeWithin");
            return this;
        }

        /**
         * Sets whether resets of systems with the label {@code reset=fresh} are checked: a file that is written before
         * must be gone afterwards. True by default. It takes two commands; systems that prove their resets themselves
         * need no check.
         *
         * @param check whether they are checked
         * @return this builder
         */
        public Builder checkResets(boolean check) {
            checkResets = check;
            return this;
        }

        /** {@return a provisioner} */
        public Provisioner build() {
            return new MakingProvisioner(this);
        }
    }
}
