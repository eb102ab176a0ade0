package org.atex.artifacts;

import java.util.regex.Pattern;

/**
 * Disables workflow commands of CI services in lines from tests that are printed on the console of a CI job. CI
 * services parse this console and execute such commands: a test could otherwise set variables or the result of the job.
 *
 * <p>Covers the commands of GitHub ({@code ::error::}, {@code ##[error]}), Azure Pipelines ({@code
 * ##vso[task.setvariable …]}, {@code ##[group]}) and TeamCity ({@code ##teamcity[…]}), and all text of the same form.
 * The commands of GitLab and Buildkite use control characters or marks at the beginning of a line; callers that print
 * lines have to remove these.
 *
 * <p>Thread safety: thread-safe.
 */
public final class CiCommands {
    /** Commands with {@code ##} and a bracket, which are recognized anywhere in a line. */
    private static final Pattern MARKED = Pattern.compile("##(?=[\\w.-]*\\[)");

    /** Commands with two colons, which are recognized at the beginning of a line only. */
    private static final Pattern COLONS = Pattern.compile("(?m)^(\\s*):(?=:)");

    private CiCommands() {}

    /**
     * {@return the text with commands disabled: a space is inserted between the two characters that mark a command}
     *
     * @param text one or more lines
     */
    public static String escape(String text) {
        String disarmed = text.contains("##") ? MARKED.matcher(text).replaceAll("# #") : text;
        return disarmed.contains("::") ? COLONS.matcher(disarmed).replaceAll("$1: ") : disarmed;
    }
}
