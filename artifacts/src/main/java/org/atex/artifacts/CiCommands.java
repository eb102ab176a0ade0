package org.atex.artifacts;

import java.util.regex.Pattern;

/**
 * Makes lines harmless that come from a test and are printed on the console of a CI job. CI services read that console, and
 * obey what looks like a command of theirs: a test could end the job's log, set variables or results of the job.
 *
 * <p>Known are the commands of GitHub ({@code ::error::}, {@code ##[error]}), Azure Pipelines
 * ({@code ##vso[task.setvariable …]}, {@code ##[group]}) and TeamCity ({@code ##teamcity[…]}), and whatever else has their form.
 * GitLab's and Buildkite's need control characters or begin a line with a mark; they are the business of those who print.
 *
 * <p>Thread safety: any number of threads may call it.
 */
public final class CiCommands {
    /** Anywhere in a line. */
    private static final Pattern MARKED = Pattern.compile("##(?=[\\w.-]*\\[)");

    /** At its beginning only. */
    private static final Pattern COLONS = Pattern.compile("(?m)^(\\s*):(?=:)");

    private CiCommands() {}

    /**
     * {@return a text in which no line is a command: a space stands between the two characters by which services know them}
     *
     * @param text one or more lines
     */
    public static String disarmed(String text) {
        String disarmed = text.contains("##") ? MARKED.matcher(text).replaceAll("# #") : text;
        return disarmed.contains("::") ? COLONS.matcher(disarmed).replaceAll("$1: ") : disarmed;
    }
}
