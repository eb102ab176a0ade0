package org.atex.ci;

import java.util.Map;
import org.atex.findings.FindingsOptions;
import org.jspecify.annotations.Nullable;

/** Options of a {@link CiReport}. Immutable and thread-safe; each {@code with} method returns a changed copy. */
public final class CiOptions {
    /** GitHub shows ten annotations of each kind in a step, and ignores the rest. */
    private static final int MAX_ANNOTATIONS = 10;

    private static final CiOptions DEFAULTS = new CiOptions();

    private @Nullable CiService service;
    private @Nullable Map<String, String> environment;
    private FindingsOptions findings = FindingsOptions.defaults();
    private int maxAnnotations = MAX_ANNOTATIONS;

    private CiOptions() {}

    /**
     * {@return the default options: the service of the environment of the program, at most ten annotations of each kind,
     * and the default options of findings}
     */
    public static CiOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy for a service, whichever the environment names}
     *
     * @param which the service
     */
    public CiOptions withService(CiService which) {
        CiOptions copy = copy();
        copy.service = which;
        return copy;
    }

    /**
     * {@return a copy with another environment than that of the program}
     *
     * @param variables the variables, such as {@code GITHUB_STEP_SUMMARY}
     */
    public CiOptions withEnvironment(Map<String, String> variables) {
        CiOptions copy = copy();
        copy.environment = Map.copyOf(variables);
        return copy;
    }

    /**
     * {@return a copy with other options of findings, such as the history, or where the tree of tests is in the repository}
     *
     * @param options the options
     */
    public CiOptions withFindings(FindingsOptions options) {
        CiOptions copy = copy();
        copy.findings = options;
        return copy;
    }

    /**
     * {@return a copy with another number of annotations of each kind} GitHub shows at most 50 of a job: if more than two
     * steps of a job run tests, give them fewer.
     *
     * @param count the maximum, from 0 to 10
     * @throws IllegalArgumentException if it is less or more
     */
    public CiOptions withMaxAnnotations(int count) {
        if (count < 0 || count > MAX_ANNOTATIONS) {
            throw new IllegalArgumentException(
                    "a step cannot have " + count + " annotations of a kind: give a number from 0 to 10");
        }
        CiOptions copy = copy();
        copy.maxAnnotations = count;
        return copy;
    }

    private CiOptions copy() {
        CiOptions copy = new CiOptions();
        copy.service = service;
        copy.environment = environment;
        copy.findings = findings;
        copy.maxAnnotations = maxAnnotations;
        return copy;
    }

    Map<String, String> environment() {
        return environment == null ? System.getenv() : environment;
    }

    CiService service() {
        return service == null ? CiService.of(environment()) : service;
    }

    FindingsOptions findings() {
        return findings;
    }

    int maxAnnotations() {
        return maxAnnotations;
    }
}
