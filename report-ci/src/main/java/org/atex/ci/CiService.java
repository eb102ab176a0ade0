package org.atex.ci;

import java.util.Map;

/** A CI service. */
public enum CiService {
    /** GitHub Actions, and services that accept its commands and files. */
    GITHUB,

    /** GitLab CI. */
    GITLAB,

    /** Another service or none: nothing is shown. */
    NONE;

    /**
     * {@return the service of a job}
     *
     * @param environment the environment of the program, with {@code GITHUB_ACTIONS} or {@code GITLAB_CI} if it is a job of
     *     such a service
     */
    public static CiService of(Map<String, String> environment) {
        if ("true".equals(environment.get("GITHUB_ACTIONS"))) {
            return GITHUB;
        }
        return "true".equals(environment.get("GITLAB_CI")) ? GITLAB : NONE;
    }
}
