package org.atex.ci;

import java.util.ArrayList;
import java.util.List;
import org.atex.api.Problem;
import org.atex.api.TestSource;
import org.atex.api.Verdict;
import org.atex.findings.FailedTest;
import org.atex.findings.Findings;
import org.atex.findings.FlakyTest;
import org.atex.findings.NotRun;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Formats findings as workflow commands of GitHub Actions that make annotations. Errors, warnings and notices of a step
 * are counted separately, and all but the first ten of each are ignored. Known failures get none.
 */
final class Annotations {
    /** The runner cuts messages at 4,096 characters. */
    private static final int MAX_MESSAGE = 4000;

    private static final int MAX_NAMES = 10;

    private record Annotation(
            String title, List<String> lines, @Nullable TestSource source) {}

    private final Findings findings;
    private final int max;

    Annotations(Findings findings, int max) {
        this.findings = findings;
        this.max = max;
    }

    String text() {
        List<Annotation> errors = new ArrayList<>();
        List<Annotation> warnings = new ArrayList<>();
        for (FailedTest test : findings.failed()) {
            if (test.known() == null) {
                boolean isFailed = test.end().outcome().verdict() == Verdict.FAILED;
                (isFailed ? errors : warnings).add(failed(test));
            }
        }
        findings.problems().stream()
                .filter(problem -> problem.verdict() != Verdict.PASSED)
                .map(Annotations::problem)
                .forEach(warnings::add);
        findings.notRun().stream().map(Annotations::notRun).forEach(warnings::add);
        findings.flaky().stream().map(this::flaky).forEach(warnings::add);

        StringBuilder text = new StringBuilder();
        errors.stream().limit(max).forEach(error -> append(text, "error", error));
        warnings.stream().limit(max).forEach(warning -> append(text, "warning", warning));
        int moreErrors = Math.max(0, errors.size() - max);
        int moreWarnings = Math.max(0, warnings.size() - max);
        if (max > 0 && moreErrors + moreWarnings > 0) {
            String more = Plural.of(moreErrors, "error") + " and " + Plural.of(moreWarnings, "warning")
                    + " more are in the summary of the job";
            append(text, "notice", new Annotation("More findings", List.of(more), null));
        }
        return text.toString();
    }

    private Annotation failed(FailedTest test) {
        List<String> lines = new ArrayList<>(List.of(Lines.head(test)));
        lines.addAll(Lines.of(test.excerpt()));
        return new Annotation(
                Lines.name(test.name()) + " " + Lines.word(test.end().outcome()),
                lines,
                findings.definedIn(test.test()));
    }

    private Annotation flaky(FlakyTest test) {
        List<String> lines = new ArrayList<>();
        lines.add(Lines.name(test.name()) + " passed in attempt "
                + test.attempts().size());
        lines.addAll(Lines.of(test.excerpt()));
        return new Annotation(Lines.name(test.name()) + " is flaky", lines, findings.definedIn(test.test()));
    }

    private static Annotation notRun(NotRun group) {
        List<String> lines = new ArrayList<>();
        lines.add(Plural.of(group.tests().size(), "test") + " " + Lines.word(group.outcome())
                + Lines.because(group.why()));
        group.tests().stream().limit(MAX_NAMES).map(Lines::name).forEach(lines::add);
        if (group.tests().size() > MAX_NAMES) {
            lines.add("…");
        }
        return new Annotation("Tests not run", lines, null);
    }

    private static Annotation problem(Problem problem) {
        return new Annotation("Problem of the run", List.of(Lines.text(problem.message())), null);
    }

    private static void append(StringBuilder text, String kind, Annotation annotation) {
        text.append("::").append(kind).append(' ');
        TestSource source = annotation.source();
        if (source != null) {
            text.append("file=").append(property(Lines.text(source.file()))).append(',');
            if (source.line() > 0) {
                text.append("line=").append(source.line()).append(',');
            }
        }
        text.append("title=").append(property(annotation.title()));
        text.append("::").append(data(message(annotation.lines()))).append('\n');
    }

    /** {@return the first line, and as many of the last ones as there is space for} */
    private static String message(List<String> lines) {
        String head = lines.get(0);
        int left = MAX_MESSAGE - head.length();
        int from = lines.size();
        while (from > 1 && left > lines.get(from - 1).length()) {
            from--;
            left -= lines.get(from).length() + 1;
        }
        List<String> shown = new ArrayList<>(List.of(head));
        shown.addAll(lines.subList(from, lines.size()));
        return String.join("\n", shown);
    }

    /** Escapes the text behind a command, as the runner decodes it. */
    static String data(String text) {
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A");
    }

    /** Escapes the value of a property of a command, as the runner decodes it. */
    static String property(String text) {
        return data(text).replace(":", "%3A").replace(",", "%2C");
    }
}
