package org.atex.findings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.Verdict;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Formats findings as Markdown. All texts of tests are inside of code: markup, mentions and links have no effect there. The
 * text contains no HTML.
 */
final class MarkdownFindings {
    private static final int NAME = 300;
    private static final int TEXT = 1000;
    private static final int BRIEF = 200;
    private static final int PATH = 500;
    private static final int MAX_NAMES = 10;
    private static final int MAX_ATTEMPTS = 5;
    private static final int MAX_PARTS = 20;
    /** Space for the numbers of things that are left out. */
    private static final int REMARKS = 1000;

    private final Findings findings;

    MarkdownFindings(Findings findings) {
        this.findings = findings;
    }

    String text(int maxBytes) {
        String head = head();
        String again = again();
        long fixed = (long) head.getBytes(UTF_8).length + again.getBytes(UTF_8).length + REMARKS;
        Shares shares = new Shares(maxBytes - fixed);
        long eighth = shares.left() / 8;
        Shares.Fit problems = shares.take(findings.problems(), eighth, MarkdownFindings::problem);
        Shares.Fit notRun = shares.take(findings.notRun(), eighth, MarkdownFindings::notRun);
        Shares.Fit flaky = shares.take(findings.flaky(), eighth, this::flaky);
        List<FailedTest> failed = findings.failed();
        long most = shares.left() / 4 * 3;
        Shares.Fit full = shares.take(failed, most, test -> full(test, most / 4));
        Shares.Fit brief =
                shares.take(failed.subList(full.texts().size(), failed.size()), shares.left(), MarkdownFindings::brief);

        StringBuilder all = new StringBuilder(head);
        if (!failed.isEmpty()) {
            all.append("### Failed\n\n").append(String.join("\n", full.texts()));
            if (!brief.texts().isEmpty()) {
                all.append("\nFurther tests, without details for lack of space:\n\n")
                        .append(String.join("\n", brief.texts()))
                        .append('\n');
            }
            all.append(omitted(brief.omitted(), "failed test")).append('\n');
        }
        list(all, "Flaky", flaky, "flaky test");
        list(all, "Not run", notRun, "reason");
        list(all, "Problems", problems, "problem");
        return all.append(again).toString();
    }

    private static void list(StringBuilder all, String title, Shares.Fit fit, String noun) {
        if (!fit.texts().isEmpty() || fit.omitted() > 0) {
            all.append("### ")
                    .append(title)
                    .append("\n\n")
                    .append(String.join("\n", fit.texts()))
                    .append('\n')
                    .append(omitted(fit.omitted(), noun))
                    .append('\n');
        }
    }

    private static String omitted(int count, String noun) {
        return count == 0 ? "" : "\n" + Plural.of(count, noun, "is", "are") + " left out for lack of space.\n";
    }

    private String head() {
        StringBuilder head = new StringBuilder("## Test run: " + word(findings.verdict()) + "\n\n");
        long known = findings.known();
        long counted = findings.failed().size() - known;
        head.append(Plural.of(findings.tests(), "test"))
                .append(": ")
                .append(counted)
                .append(" failed or unknown");
        head.append(known > 0 ? ", " + known + " known" : "");
        int notRun = findings.notRun().stream()
                .mapToInt(group -> group.tests().size())
                .sum();
        head.append(notRun > 0 ? ", " + notRun + " not run" : "");
        head.append(findings.flaky().isEmpty() ? "" : ", " + findings.flaky().size() + " flaky");
        head.append(findings.hasEnded() ? "" : ". **The run has not ended**");
        head.append(". Time: ").append(Texts.shown(findings.took())).append(".\n\n");
        head.append("Run ").append(Code.span(findings.run(), BRIEF)).append(" on platform ");
        head.append(Code.span(findings.platform(), BRIEF)).append(", started ");
        head.append(findings.started()).append(".\n\n");
        head.append("| outcome | tests |\n| --- | ---: |\n");
        for (Map.Entry<Outcome, Integer> count : findings.counts().entrySet()) {
            head.append("| ").append(word(count.getKey())).append(" | ");
            head.append(count.getValue()).append(" |\n");
        }
        return head.append('\n').toString();
    }

    private static String word(Verdict verdict) {
        return verdict.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String word(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String word(FailedTest test) {
        return test.known() == null ? word(test.end().outcome()) : "known";
    }

    private static String because(String reason, int limit) {
        return reason.isBlank() ? "" : ": " + Code.span(reason, limit);
    }

    /** {@return a failed test with details, or without them if they need too much space} */
    private String full(FailedTest test, long limit) {
        StringBuilder text = new StringBuilder("#### ");
        text.append(Code.span(test.name(), NAME)).append(' ').append(word(test)).append("\n\n");
        List<String> facts = new ArrayList<>();
        if (!test.reason().isBlank()) {
            facts.add("reason: " + Code.span(test.reason(), TEXT));
        }
        if (test.known() != null) {
            facts.add("does not count: " + Code.span(test.known().toString(), TEXT));
        }
        facts.add("fails " + since(test.since()));
        SystemInfo system = test.system();
        if (system != null) {
            facts.add("system: " + Code.span(system.name(), BRIEF));
        }
        if (test.attempts().size() > 1) {
            facts.add(attempts(test.attempts()));
        }
        TestSource source = findings.definedIn(test.test());
        if (source != null) {
            facts.add("defined in: " + Code.span(source.toString(), PATH));
        }
        facts.addAll(files(test.files()));
        facts.forEach(fact -> text.append("- ").append(fact).append('\n'));
        text.append(excerpt(test.excerpt()));
        return text.length() > limit ? brief(test) + "\n" : text.toString();
    }

    private static String since(@Nullable FailingSince since) {
        if (since == null) {
            return "since: not known";
        }
        if (since.isNew()) {
            return "for the first time since " + since.lastPassed();
        }
        return (since.lastPassed() == null ? "at least " : "") + "since " + since.started() + ", in "
                + Plural.of(since.runs(), "run") + ", the first one is " + Code.span(since.run(), BRIEF);
    }

    private static String attempts(List<TestRecord> attempts) {
        String last = Texts.last(attempts, MAX_ATTEMPTS).stream()
                .map(record -> record.attempt() + " " + word(record.end().outcome()) + because(note(record), BRIEF))
                .collect(Collectors.joining("; "));
        return Plural.of(attempts.size(), "attempt")
                + (attempts.size() > MAX_ATTEMPTS ? ", the last ones: " : ": ")
                + last;
    }

    private static String note(TestRecord record) {
        String note = record.end().note();
        return note == null ? "" : note;
    }

    private static List<String> files(@Nullable Path files) {
        return files == null ? List.of() : List.of("files: " + Code.span(files.toString(), PATH));
    }

    private String excerpt(Excerpt excerpt) {
        StringBuilder text = new StringBuilder();
        if (!excerpt.parts().isEmpty()) {
            text.append("\nFailed parts:\n\n");
            excerpt.parts().stream().limit(MAX_PARTS).forEach(part -> text.append(part(part)));
        }
        List<String> lines = Texts.last(excerpt.lastLines(), findings.options().maxLastLines());
        if (!lines.isEmpty()) {
            text.append("\nLast lines:\n\n").append(Code.block(lines, TEXT));
        }
        return text.toString();
    }

    private static String part(ReportedResult part) {
        Status status = part.status();
        String name = part.name() == null ? "the test itself" : part.name();
        String note = part.note() == null ? "" : part.note();
        return "- " + (status == null ? "" : Code.span(status.word(), BRIEF) + " ") + Code.span(name, NAME)
                + because(note, TEXT) + "\n";
    }

    private static String brief(FailedTest test) {
        return "- " + word(test) + " " + Code.span(test.name(), BRIEF) + because(test.reason(), BRIEF);
    }

    private String flaky(FlakyTest test) {
        StringBuilder text = new StringBuilder("- ");
        text.append(Code.span(test.name(), NAME))
                .append(" passed in attempt ")
                .append(test.attempts().size());
        text.append("; ").append(attempts(test.attempts()));
        files(test.files()).forEach(files -> text.append("; ").append(files));
        return text.toString();
    }

    private static String notRun(NotRun group) {
        String names = group.tests().stream()
                .limit(MAX_NAMES)
                .map(name -> Code.span(name, BRIEF))
                .collect(Collectors.joining(", "));
        int more = group.tests().size() - MAX_NAMES;
        return "- " + Plural.of(group.tests().size(), "test") + " " + word(group.outcome()) + because(group.why(), TEXT)
                + " (" + names + (more > 0 ? " and " + more + " more" : "") + ")";
    }

    private static String problem(Problem problem) {
        return "- " + (problem.verdict() == Verdict.PASSED ? "note" : word(problem.verdict())) + ": "
                + Code.span(problem.message(), TEXT);
    }

    private String again() {
        int count = findings.again().tests().size();
        if (count == 0) {
            return "";
        }
        String java = findings.again().java();
        String text = "### Run again\n\n" + Plural.of(count, "test") + " did not pass. ";
        return java.isEmpty()
                ? text + "Keep the run with `keep(directory)` to run only these again.\n"
                : text + "To run only these again:\n\n" + Code.block(List.of(java), java.length());
    }
}
