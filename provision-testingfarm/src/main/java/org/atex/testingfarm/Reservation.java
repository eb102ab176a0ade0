package org.atex.testingfarm;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What kind of machine to reserve, and for how long. Immutable, and so thread-safe; {@link #toBuilder()} gives a builder of
 * changed copies.
 *
 * <p>A reservation is an ordinary request whose test does nothing but sleep: the one that Testing Farm has for it, unless
 * {@link Builder#reserveTest} names another.
 */
public final class Reservation {
    /** The test that sleeps, of Testing Farm itself. */
    private static final String TESTS = "https://gitlab.com/testing-farm/tests";

    private final Builder settings;

    private Reservation(Builder settings) {
        this.settings = settings;
    }

    /**
     * Something to install before the machine is handed over.
     *
     * @param type {@code fedora-koji-build}, {@code fedora-copr-build}, {@code redhat-brew-build}, {@code repository} or
     *     {@code repository-file}
     * @param id which: a build's id, or an address
     * @param packages which packages of it; all if there are none
     * @param install whether to install them, or only to make them available
     */
    public record Artifact(String type, String id, List<String> packages, boolean install) {
        /** Copies what it is given. */
        public Artifact {
            packages = List.copyOf(packages);
        }

        /**
         * {@return all packages of something, to be installed}
         *
         * @param type what it is
         * @param id which one
         */
        public static Artifact of(String type, String id) {
            return new Artifact(type, id, List.of(), true);
        }
    }

    /**
     * {@return a builder of reservations for half an hour on x86_64}
     *
     * @param compose the operating system, as {@link TestingFarmApi#composes} lists them: {@code Fedora-latest} …
     */
    public static Builder builder(String compose) {
        return new Builder(compose);
    }

    /** {@return a builder that begins with all of this} */
    public Builder toBuilder() {
        return settings.copy();
    }

    /** {@return the operating system} */
    public String compose() {
        return settings.compose;
    }

    /** {@return the architecture} */
    public String arch() {
        return settings.arch;
    }

    /** {@return the pool that it must come from, or null} */
    public @Nullable String pool() {
        return settings.pool;
    }

    /** {@return how long it is reserved, from when it is ready} */
    public Duration duration() {
        return settings.duration;
    }

    /** {@return how long the whole request may take, waiting included, or null if that follows from the rest} */
    public @Nullable Duration pipelineLimit() {
        return settings.pipelineLimit;
    }

    /** The rest is for whoever makes requests of it. */
    Builder settings() {
        return settings;
    }

    /** {@return labels that every such machine has} */
    Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>(Map.of("compose", compose(), "arch", arch()));
        if (pool() != null) {
            labels.put("pool", pool());
        }
        return Map.copyOf(labels);
    }

    /** {@return what and where, without anything that may be secret} */
    @Override
    public String toString() {
        return compose() + " " + arch() + (pool() == null ? "" : " of " + pool());
    }

    /** What a reservation asks for. For one thread at a time. */
    public static final class Builder {
        final String compose;
        String arch = "x86_64";

        @Nullable
        String pool;

        Map<String, ?> hardware = Map.of();
        Map<String, String> kickstart = Map.of();
        Map<String, String> variables = Map.of();
        Map<String, String> secrets = Map.of();
        Map<String, String> tags = Map.of();
        List<Artifact> artifacts = List.of();

        @Nullable
        String postInstallScript;

        boolean skipGuestSetup;

        @Nullable
        Duration pipelineLimit;

        Duration duration = Duration.ofMinutes(30);
        String testUrl = TESTS;
        String testRef = "main";
        String testPlan = "/testing-farm/reserve";

        private Builder(String compose) {
            if (compose.isBlank()) {
                throw new IllegalArgumentException("a reservation needs a compose, such as Fedora-latest");
            }
            this.compose = compose;
        }

        private Builder copy() {
            Builder copy = new Builder(compose);
            copy.arch = arch;
            copy.pool = pool;
            copy.hardware = hardware;
            copy.kickstart = kickstart;
            copy.variables = variables;
            copy.secrets = secrets;
            copy.tags = tags;
            copy.artifacts = artifacts;
            copy.postInstallScript = postInstallScript;
            copy.skipGuestSetup = skipGuestSetup;
            copy.pipelineLimit = pipelineLimit;
            copy.duration = duration;
            copy.testUrl = testUrl;
            copy.testRef = testRef;
            copy.testPlan = testPlan;
            return copy;
        }

        /**
         * Sets the architecture; {@code x86_64} unless set.
         *
         * @param name {@code x86_64}, {@code aarch64}, {@code ppc64le} or {@code s390x}
         * @return this
         */
        public Builder arch(String name) {
            arch = name;
            return this;
        }

        /**
         * Sets the pool that the machine must come from; the service chooses one unless set.
         *
         * @param name its name
         * @return this
         */
        public Builder pool(String name) {
            pool = name;
            return this;
        }

        /**
         * Sets what hardware the machine must have.
         *
         * @param requirements as tmt has them: texts such as {@code ">= 4 GiB"}, numbers, booleans, lists and maps of these
         * @return this
         * @throws IllegalArgumentException if there is anything else in it; the message says where
         */
        public Builder hardware(Map<String, ?> requirements) {
            NewRequest.checkPlain("hardware", requirements);
            hardware = Map.copyOf(requirements);
            return this;
        }

        /**
         * Sets how the machine is installed, where it is: Beaker, some of AWS.
         *
         * @param parts texts for {@code script}, {@code pre-install}, {@code post-install}, {@code metadata},
         *     {@code kernel-options} and {@code kernel-options-post}
         * @return this
         */
        public Builder kickstart(Map<String, String> parts) {
            kickstart = Map.copyOf(parts);
            return this;
        }

        /**
         * Sets variables of the environment in which the test runs. Anybody can read them.
         *
         * @param values by name
         * @return this
         * @throws IllegalArgumentException if one is set by this library
         */
        public Builder variables(Map<String, String> values) {
            refuse("variable", values, NewRequest.DURATION);
            variables = Map.copyOf(values);
            return this;
        }

        /**
         * Sets variables whose values the service hides, and so does this library.
         *
         * @param values by name
         * @return this
         * @throws IllegalArgumentException if one is set by this library
         */
        public Builder secrets(Map<String, String> values) {
            refuse("secret", values, NewRequest.KEYS);
            secrets = Map.copyOf(values);
            return this;
        }

        /**
         * Sets tags of the machine in its cloud. They are added to those by which this library finds its machines again, and to
         * {@code ArtemisUseSpot=false}, which they may replace.
         *
         * @param values by name
         * @return this
         * @throws IllegalArgumentException if one is set by this library
         */
        public Builder tags(Map<String, String> values) {
            refuse("tag", values, NewRequest.RUN_TAG);
            refuse("tag", values, NewRequest.SUBMISSION_TAG);
            tags = Map.copyOf(values);
            return this;
        }

        private static void refuse(String kind, Map<String, String> values, String name) {
            if (values.containsKey(name)) {
                throw new IllegalArgumentException(
                        "the " + kind + " " + name + " is set by the library: leave it out of " + values.keySet());
            }
        }

        /**
         * Adds something to install.
         *
         * @param artifact what
         * @return this
         */
        public Builder artifact(Artifact artifact) {
            List<Artifact> all = new ArrayList<>(artifacts);
            all.add(artifact);
            artifacts = List.copyOf(all);
            return this;
        }

        /**
         * Sets what the machine runs when it boots for the first time.
         *
         * @param script its text
         * @return this
         */
        public Builder postInstallScript(String script) {
            postInstallScript = script;
            return this;
        }

        /**
         * Sets whether the service leaves the machine as its image is. It then comes sooner.
         *
         * @param skip false unless set
         * @return this
         */
        public Builder skipGuestSetup(boolean skip) {
            skipGuestSetup = skip;
            return this;
        }

        /**
         * Sets how long the whole request may take, from its submission on: waiting, making the machine, and the reservation.
         * Unless set, that is as long as these three may take.
         *
         * @param limit whole minutes; what is less than one counts as one
         * @return this
         */
        public Builder pipelineLimit(Duration limit) {
            pipelineLimit = TestingFarmApi.Builder.positive(limit, "pipelineLimit");
            return this;
        }

        /**
         * Sets how long the machine is reserved, from when it is ready. Half an hour unless set.
         *
         * @param time whole minutes; what is less than one counts as one
         * @return this
         */
        public Builder duration(Duration time) {
            duration = TestingFarmApi.Builder.positive(time, "duration");
            return this;
        }

        /**
         * Sets the test that installs the key and sleeps; that of Testing Farm unless set.
         *
         * @param repository the git repository that it is in
         * @param ref a branch, a tag or a commit
         * @param plan the name of its plan
         * @return this
         */
        public Builder reserveTest(URI repository, String ref, String plan) {
            testUrl = repository.toString();
            testRef = ref;
            testPlan = plan;
            return this;
        }

        /**
         * {@return what is asked for}
         *
         * @throws IllegalArgumentException if the request would end before the reservation
         */
        public Reservation build() {
            if (pipelineLimit != null && pipelineLimit.compareTo(duration) < 0) {
                throw new IllegalArgumentException("a request that may take " + pipelineLimit
                        + " cannot reserve a machine for " + duration + ": raise pipelineLimit, or lower duration");
            }
            return new Reservation(copy());
        }
    }
}
