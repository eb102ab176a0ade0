package org.atex.ctrf;

import java.util.Set;

/** The fields that the format has for an environment. */
final class Environment {
    private static final String NUMBER = "buildNumber";
    private static final String HEALTHY = "healthy";

    private static final Set<String> FIELDS = Set.of(
            "reportName",
            "appName",
            "appVersion",
            "buildId",
            "buildName",
            NUMBER,
            "buildUrl",
            "repositoryName",
            "repositoryUrl",
            "commit",
            "branchName",
            "osPlatform",
            "osRelease",
            "osVersion",
            "testEnvironment",
            "shardId",
            HEALTHY);

    private Environment() {}

    static boolean isField(String name) {
        return FIELDS.contains(name);
    }

    /**
     * {@return a value in the type of its field}
     *
     * @throws IllegalArgumentException if it is not of this type
     */
    static Object value(String name, String value) {
        return switch (name) {
            case NUMBER -> number(value);
            case HEALTHY -> healthy(value);
            default -> value;
        };
    }

    private static Long number(String value) {
        try {
            return Long.valueOf(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "the property " + NUMBER + " of the environment must be an integer, not '" + value
                            + "'; use buildName for other values",
                    e);
        }
    }

    private static Boolean healthy(String value) {
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default ->
                throw new IllegalArgumentException(
                        "the property " + HEALTHY + " of the environment must be true or false, not '" + value + "'");
        };
    }
}
