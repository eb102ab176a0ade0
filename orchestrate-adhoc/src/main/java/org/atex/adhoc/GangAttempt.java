package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.api.TestRecord;
import org.atex.api.Topology;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.ResultWriter;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.atex.artifacts.SpooledAttempt.State;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a test that runs on several systems. Each member writes its artifacts to a directory with the name of
 * its guest; after the last one they become parts of one result. Confined to the thread of the run, except for {@link
 * #join} and the {@linkplain AttemptTask.Folder folders} of the members.
 */
final class GangAttempt {
    /** The name of a file with results that cannot be read. */
    private static final String INVALID = "results.invalid";

    private final Decision.RunTogether together;
    private final Map<PlannedTest, OpenSystem> systems;
    private final Spool spool;
    private final Function<Attempt, TestRecord> records;
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean isFirstToWrite = new AtomicBoolean();
    /** In the order in which the members ended. */
    private final Map<PlannedTest, AttemptTask.Result> results = new LinkedHashMap<>();

    private final Map<PlannedTest, List<Fixtures.Instance>> fixtures = new HashMap<>();
    private final GangRendezvous rendezvous;
    private final Map<PlannedTest, String> whyCancelled = new LinkedHashMap<>();
    private final List<String> problems = new CopyOnWriteArrayList<>();
    private volatile @Nullable SpooledAttempt spooled; // written with the lock of this

    GangAttempt(
            Decision.RunTogether together,
            Map<PlannedTest, OpenSystem> systems,
            Spool spool,
            Function<Attempt, TestRecord> records) {
        this.together = together;
        this.systems = systems;
        this.spool = spool;
        this.records = records;
        Gang gang = together.test().gang;
        this.rendezvous = new GangRendezvous(
                together.members().stream()
                        .map(run -> run.test().guest().name())
                        .toList(),
                gang == null ? List.of() : gang.order);
    }

    /** {@return the whole test} */
    PlannedTest test() {
        return together.test();
    }

    /** {@return the place of the first member, for events and records} */
    Decision.Run first() {
        return together.members().get(0);
    }

    OpenSystem firstSystem() {
        return system(first().test());
    }

    private OpenSystem system(PlannedTest member) {
        OpenSystem system = systems.get(member);
        if (system == null) {
            throw new IllegalStateException(member.name() + " has no system");
        }
        return system;
    }

    /** Sets the started fixtures of a member. */
    void fixtures(PlannedTest member, List<Fixtures.Instance> started) {
        fixtures.put(member, started);
    }

    /** {@return the started fixtures of a member} */
    List<Fixtures.Instance> fixtures(PlannedTest member) {
        return fixtures.getOrDefault(member, List.of());
    }

    /** {@return the test that the executor of a member runs, without its fixtures} */
    TestCase invocation(PlannedTest member) {
        List<Topology.Guest> guests = together.members().stream()
                .map(run -> new Topology.Guest(
                        run.test().guest().name(), run.test().guest().role(), system(run.test()).address))
                .toList();
        TestCase role = member.test;
        Duration limit = member.facts.limit();
        TestCase limited = limit == null || limit.equals(role.limit()) ? role : new Limited(role, limit);
        return TestInvocation.of(limited)
                .withTopology(new Topology(test().name(), member.guest().name(), guests))
                .withRendezvous(rendezvous);
    }

    /** A test with the limit of the whole. */
    private record Limited(TestCase wrapped, Duration limit) implements TestCase {
        @Override
        public String name() {
            return wrapped.name();
        }
    }

    /** {@return whether this is the first member that starts} */
    boolean isFirstToStart() {
        return started.compareAndSet(false, true);
    }

    AttemptTask.Folder folder(PlannedTest member) {
        return new AttemptTask.Folder() {
            @Override
            public Artifacts open() throws IOException {
                return directory(member);
            }

            @Override
            public void begun(Attempt running) throws IOException {
                SpooledAttempt whole = spooled;
                if (whole != null && isFirstToWrite.compareAndSet(false, true)) {
                    whole.write(State.RUNNING, records.apply(running));
                }
            }

            @Override
            public void ended(Attempt attempt) {
                // The record is written when all members have ended.
            }

            @Override
            public @Nullable SpooledAttempt spooled() {
                return null;
            }

            @Override
            public void discard() {
                // Deleted with the others.
            }
        };
    }

    private synchronized Artifacts directory(PlannedTest member) throws IOException {
        SpooledAttempt whole = spooled;
        if (whole == null) {
            whole = spool.next();
            spooled = whole;
        }
        return Artifacts.at(Files.createDirectories(
                whole.artifacts().files().resolve(member.guest().name())));
    }

    void cancelling(PlannedTest member, String why) {
        whyCancelled.put(member, why);
    }

    /** {@return why a member is cancelled, or null if the run cancels it} */
    @Nullable
    String whyCancelled(PlannedTest member) {
        return whyCancelled.get(member);
    }

    /** A member has ended. {@return whether all have} */
    boolean ended(PlannedTest member, AttemptTask.Result result) {
        results.put(member, result);
        rendezvous.ended(member.guest().name(), "has ended: " + Gang.words(endOf(member)));
        return results.size() == together.members().size();
    }

    /**
     * {@return the ended attempt, with the results of all members; empty if it has no valid result, because no member
     * has started, or there is no disk space}
     *
     * @throws IOException if the results cannot be written or deleted
     */
    Optional<Attempt> join() throws IOException {
        if (isVoid()) {
            discard();
            return Optional.empty();
        }
        try {
            return Optional.of(merge());
        } catch (IOException e) {
            if (DiskFull.isCauseOf(e)) {
                discard(); // the attempt is repeated
            }
            throw e;
        }
    }

    /** {@return whether it has no valid result} */
    boolean isVoid() {
        return results.values().stream().anyMatch(AttemptTask.Result.NoSpace.class::isInstance)
                || results.values().stream().allMatch(AttemptTask.Result.NotStarted.class::isInstance);
    }

    private void discard() throws IOException {
        SpooledAttempt whole = spooled;
        if (whole != null) {
            whole.discard();
        }
    }

    /** {@return the ended attempt without its artifacts, to which its members may still be writing} */
    Attempt withoutResults() {
        return attempt(end(), Excerpt.none(), null);
    }

    /** {@return where its artifacts are, for messages} */
    String where() {
        return String.valueOf(spooled);
    }

    /** {@return problems with the results of members, after {@link #join}} */
    List<String> problems() {
        return List.copyOf(problems);
    }

    private Attempt merge() throws IOException {
        SpooledAttempt whole = spooled;
        TestEnd end = end();
        Attempt attempt = attempt(end, excerpt(), whole);
        if (whole == null) {
            return attempt; // no member could create its directory
        }
        Artifacts into = whole.artifacts();
        try (ResultWriter writer = ResultWriter.append(into.results())) {
            for (Decision.Run run : together.members()) {
                merge(run.test(), into, writer);
            }
            writer.write(ReportedResult.of(end.outcome().status(), end.note(), List.of()));
        }
        whole.write(State.ENDED, records.apply(attempt));
        return attempt;
    }

    private void merge(PlannedTest member, Artifacts into, ResultWriter writer) throws IOException {
        Path files = into.files().resolve(member.guest().name());
        boolean hasOwn = false;
        if (Files.isDirectory(files, LinkOption.NOFOLLOW_LINKS)) {
            // Another name, as the directory of its files is to have this one.
            Path aside = Files.createTempDirectory(into.directory(), "member-");
            Artifacts own = Artifacts.at(Files.move(files, aside.resolve("artifacts")));
            hasOwn = copyResults(member, own, writer);
            if (Files.isDirectory(own.files(), LinkOption.NOFOLLOW_LINKS)) {
                Files.move(own.files(), files);
            }
            Path invalid = own.directory().resolve(INVALID);
            if (Files.exists(invalid, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(invalid, Files.createDirectories(files).resolve(INVALID));
            }
            Artifacts.at(aside).delete();
        }
        if (!hasOwn) {
            TestEnd end = endOf(member);
            writer.write(part(member, end.outcome().status(), end.note(), List.of()));
        }
    }

    /** Returns whether there was a result of the test itself. */
    private boolean copyResults(PlannedTest member, Artifacts from, ResultWriter writer) throws IOException {
        TestEnd end = endOf(member);
        boolean isCancelled = end.outcome() == Outcome.CANCELLED;
        boolean hasOwn = false;
        try (ResultReader reader = ResultReader.of(from)) {
            for (ReportedResult result = reader.next(); result != null; result = reader.next()) {
                if (result.name() != null) {
                    writer.write(result.withName(member.guest().name() + "/" + result.name()));
                    continue;
                }
                hasOwn = true;
                // An executor does not know why it is interrupted.
                Status status = isCancelled ? end.outcome().status() : result.status();
                String note = isCancelled ? end.note() : result.note();
                writer.write(part(member, status, note, result.files()).withMore(result.more()));
            }
            return hasOwn;
        } catch (BrokenResultsException e) {
            boolean isFile = Files.isRegularFile(from.results(), LinkOption.NOFOLLOW_LINKS);
            if (isFile) {
                Files.move(from.results(), from.directory().resolve(INVALID));
            }
            String why = "its results are invalid: " + e.getMessage();
            problems.add(test().name() + " (" + member.guest().name() + "): " + why);
            writer.write(part(member, Status.ERROR, why, isFile ? List.of(INVALID) : List.of()));
            return true;
        }
    }

    private ReportedResult part(
            PlannedTest member, @Nullable Status status, @Nullable String note, List<String> files) {
        String where = "on " + system(member).name();
        return ReportedResult.of(status, note == null ? where : note + " (" + where + ")", files)
                .withName(member.guest().name());
    }

    private TestEnd end() {
        Map<String, TestEnd> ends = new LinkedHashMap<>();
        results.keySet().forEach(member -> ends.put(member.guest().name(), endOf(member)));
        return Gang.end(ends);
    }

    /** The {@link Schedule} assumes the same. */
    private TestEnd endOf(PlannedTest member) {
        return results.get(member) instanceof AttemptTask.Result.Ended(Attempt attempt)
                ? attempt.end()
                : Gang.NOT_STARTED;
    }

    private Excerpt excerpt() {
        List<ReportedResult> parts = new ArrayList<>();
        List<String> lines = List.of();
        for (Map.Entry<PlannedTest, AttemptTask.Result> entry : results.entrySet()) {
            String guest = entry.getKey().guest().name();
            TestEnd end = endOf(entry.getKey());
            if (Gang.isBad(end) && entry.getValue() instanceof AttemptTask.Result.Ended(Attempt attempt)) {
                parts.add(ReportedResult.of(end.outcome().status(), end.note(), List.of())
                        .withName(guest));
                attempt.excerpt().parts().forEach(part -> parts.add(part.withName(guest + "/" + part.name())));
                lines = lines.isEmpty() ? attempt.excerpt().lastLines() : lines;
            }
        }
        return parts.isEmpty() ? Excerpt.none() : new Excerpt(parts, lines);
    }

    private Attempt attempt(TestEnd end, Excerpt excerpt, @Nullable SpooledAttempt from) {
        Instant begin = null;
        Instant over = Instant.MIN;
        for (AttemptTask.Result result : results.values()) {
            if (result instanceof AttemptTask.Result.Ended(Attempt attempt)) {
                begin = begin == null || attempt.started().isBefore(begin) ? attempt.started() : begin;
                Instant last = attempt.started().plus(attempt.took());
                over = last.isAfter(over) ? last : over;
            }
        }
        if (begin == null) {
            throw new IllegalStateException("no member of " + test().name() + " has ended");
        }
        return new Attempt(
                end,
                from,
                excerpt,
                begin,
                Duration.between(begin, over),
                firstSystem().info(),
                first().slot());
    }
}
