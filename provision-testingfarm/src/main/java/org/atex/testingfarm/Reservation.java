package org.atex.testingfarm;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Capability;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * The kind of machine to reserve, and the time for which it is reserved. Immutable and thread-safe; {@link
 * #toBuilder()} gives a builder of changed copies.
 *
 * <p>A reservation is an ordinary request with a test that installs an ssh key and sleeps. By default that is Testing
 * Farm's own reserve test; {@link Builder#reserveTest} sets another one.
 */
public final class Reservation {
    /** The repository of Testing Farm's own reserve test. */
    private static final String RESERVE_TESTS = "https://gitlab.com/testing-farm/tests";

    private final Builder settings;

    private Reservation(Builder settings) {
        this.settings = settings;
    }

    /**
     * An artifact that the service installs before the machine is handed over.
     *
     * @param type {@code fedora-koji-build}, {@code fedora-copr-build}, {@code redhat-brew-build}, {@code repository}
     *     or {@code repository-file}
     * @param id the id of the build, or an address
     * @param packages the packages to install; all if empty
     * @param install whether to install them, or only to make them available
     */
    public record Artifact(String type, String id, List<String> packages, boolean install) {
        /** Copies the list of packages. */
        public Artifact {
            packages = List.copyOf(packages);
        }

        /**
         * {@return an artifact of which all packages are installed}
         *
         * @param type the type
         * @param id the id
         */
        public static Artifact of(String type, String id) {
            return new Artifact(type, id, List.of(), true);
        }
    }

    /**
     * {@return a builder of reservations; by default of 30 minutes on x86_64}
     *
     * @param compose the operating system, as {@link TestingFarmApi#composes} lists it, such as {@code Fedora-latest}
     */
    public static Builder builder(String compose) {
        return new Builder(compose);
    }

    /** {@return a builder that starts with the values of this reservation} */
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

    /** {@return the pool from which the machine must come, or null} */
    public @Nullable String pool() {
        return settings.pool;
    }

    /** {@return the time for which the machine is reserved, counted from when it is ready} */
    public Duration duration() {
        return settings.duration;
    }

    /**
     * {@return the time limit of the whole request, including queueing, or null if it is computed from the other
     * limits}
     */
    public @Nullable Duration pipelineLimit() {
        return settings.pipelineLimit;
    }

    /** {@return the settings, for {@link NewRequest}} */
    Builder settings() {
        return settings;
    }

    /** {@return the labels that all machines of this reservation have} */
    Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>(Map.of(
                "compose", compose(), Capability.ARCH, arch(), Capability.THROWAWAY, "yes", Capability.REBOOT, "yes"));
        if (pool() != null) {
            labels.put("pool", pool());
        }
        return Map.copyOf(labels);
    }

    /** {@return compose, architecture and pool; no value that may be secret} */
    @Override
    public String toString() {
        return compose() + " " + arch() + (pool() == null ? "" : " of " + pool());
    }

    /** Builds {@link Reservation}s. Not thread-safe. */
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
        String testUrl = RESERVE_TESTS;
        String testRef = "main";
        String testPlan = "/testing-farm/reserve";

        private Builder(String compose) {
            if (compose.isBlank()) {
                throw new IllegalArgumentException("the compose is blank: name one, such as Fedora-latest");
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
         * Sets the architecture; {@code x86_64} by default.
         *
         * @param name {@code x86_64}, {@code aarch64}, {@code ppc64le} or {@code s390x}
         * @return this
         */
        public Builder arch(String name) {
            arch = name;
            return this;
        }

        /**
         * Sets the pool from which the machine must come; by default the service selects one.
         *
         * @param name the name of the pool
         * @return this
         */
        public Builder pool(String name) {
            pool = name;
            return this;
        }

        /**
         * Sets hardware requirements in tmt's syntax.
         *
         * @param requirements strings such as {@code ">= 4 GiB"}, numbers, booleans, and lists and maps of these
         * @return this
         * @throws IllegalArgumentException if a value is of another type; the message has its path
         */
        public Builder hardware(Map<String, ?> requirements) {
            NewRequest.checkPlain("hardware", requirements);
            hardware = Map.copyOf(requirements);
            return this;
        }

        /**
         * Sets kickstart parts, for machines that are installed with kickstart: Beaker, and some in AWS.
         *
         * @param parts texts for {@code script}, {@code pre-install}, {@code post-install}, {@code metadata}, {@code
         *     kernel-options} and {@code kernel-options-post}
         * @return this
         */
        public Builder kickstart(Map<String, String> parts) {
            kickstart = Map.copyOf(parts);
            return this;
        }

        /**
         * Sets environment variables of the reserve test. They are public: use {@link #secrets} for confidential
         * values.
         *
         * @param values values by name
         * @return this
         * @throws IllegalArgumentException if the library sets one of them itself
         */
        public Builder variables(Map<String, String> values) {
            refuse("variable", values, NewRequest.DURATION);
            variables = Map.copyOf(values);
            return this;
        }

        /**
         * Sets confidential environment variables. The service and all messages of this library hide their values.
         *
         * @param values values by name
         * @return this
         * @throws IllegalArgumentException if the library sets one of them itself
         */
        public Builder secrets(Map<String, String> values) {
            refuse("secret", values, NewRequest.KEYS);
            secrets = Map.copyOf(values);
            return this;
        }

        /**
         * Sets tags of the machine in its cloud. The library adds the tags with which it finds its requests, and {@code
         * ArtemisUseSpot=false} unless that tag is set here.
         *
         * @param values values by name
         * @return this
         * @throws IllegalArgumentException if the library sets one of them itself
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
                        "the " + kind + " " + name + " is set by the library: remove it from " + values.keySet());
            }
        }

        /**
         * Adds an artifact to install.
         *
         * @param artifact the artifact
         * @return this
         */
        public Builder artifact(Artifact artifact) {
            List<Artifact> all = new ArrayList<>(artifacts);
            all.add(artifact);
            artifacts = List.copyOf(all);
            return this;
        }

        /**
         * Sets a script that the machine runs at its first boot.
         *
         * @param script the text of the script
         * @return this
         */
        public Builder postInstallScript(String script) {
            postInstallScript = script;
            return this;
        }

        /**
         * Sets whether the service skips its guest setup. The machine is ready sooner and left as its image defines it.
         *
         * @param skip whether to skip it; false by default
         * @return this
         */
        public Builder skipGuestSetup(boolean skip) {
            skipGuestSetup = skip;
            return this;
        }

        /**
         * Sets the time limit of the whole request from its submission: queueing, provisioning and the reservation. By
         * default it is computed from the limits of these three.
         *
         * @param limit the limit in whole minutes; less than one minute counts as one
         * @return this
         */
        public Builder pipelineLimit(Duration limit) {
            pipelineLimit = Arguments.positive(limit, "pipelineLimit");
            return this;
        }

        /**
         * Sets the time for which the machine is reserved, counted from when it is ready; 30 minutes by default.
         *
         * @param time the time in whole minutes; less than one minute counts as one
         * @return this
         */
        public Builder duration(Duration time) {
            duration = Arguments.positive(time, "duration");
            return this;
        }

        /**
         * Sets the test that installs the key and sleeps; Testing Farm's own by default.
         *
         * @param repository the git repository of the test
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
         * {@return the reservation}
         *
         * @throws IllegalArgumentException if {@code pipelineLimit} is shorter than {@code duration}
         */
        public Reservation build() {
            if (pipelineLimit != null && pipelineLimit.compareTo(duration) < 0) {
                throw new IllegalArgumentException("a request with a limit of " + pipelineLimit
                        + " cannot reserve a machine for " + duration + ": raise pipelineLimit, or lower duration");
            }
            return new Reservation(copy());
        }
    }
}
