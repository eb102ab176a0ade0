package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.PlainTest;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * The directory in which the results of a run wait until all aggregators have stored them. Results that an aggregator
 * refuses stay there, as do those of a program that was killed. {@link #replay} stores them later:
 *
 * {@snippet :
 * try (Aggregator report = JsonLinesAggregator.open(Path.of("late.json"), Path.of("late"))) {
 *     Spool.Replay replay = Spool.replay(Path.of("work"), "results", report); // Sink.of(…).withName("results")
 *     System.out.println(replay.stored().size() + " attempts stored");
 *     replay.problems().forEach(System.out::println);
 * }
 * }
 *
 * <p>Each run has a directory {@code run-ID} in the work directory, and beside it the file {@code run-ID.lock}, which is
 * locked while the run goes on. The directory of the run contains a directory for each attempt, with a number as its name
 * and the {@link Artifacts} in it, and the journal of the run, {@code journal.jsonl}. Each line of the journal is a JSON
 * object of one of these kinds:
 *
 * <ul>
 *   <li>{@code {"run": ID, "platform": NAME, "aggregators": NAMES, "started": TIME}}: the first line; again when another
 *       program {@linkplain #resume resumes} the run. Only if the journal is {@linkplain #keep kept}, it has the platform,
 *       {@code "keepsFiles": true} if files are kept, too, and {@code about}: the host, user, working directory, Java
 *       and operating system of the program;
 *   <li>{@code {"planned": TEST}}: a test of the run, if the journal is {@linkplain #keep kept};
 *   <li>{@code {"notStarted": RECORD}}: the record of a test that never started, if the journal is kept;
 *   <li>{@code {"fixture": NAME, "where": PLACE, "open": BOOLEAN}}: a fixture is about to be started, or is finished,
 *       if the journal is kept; the place is a system, group or test, or empty;
 *   <li>{@code {"problem": TEXT}}: what could not be read of a run that was {@linkplain PastRun#merge merged};
 *   <li>{@code {"ended": TIME}}: the end of the run, if the journal is kept;
 *   <li>{@code {"system": NUMBER, "info": SYSTEM}}: a {@link org.atex.api.SystemInfo}, to which further lines refer by
 *       the number;
 *   <li>{@code {"attempt": NUMBER, "state": STATE, "record": RECORD}}: the state of an attempt. The keys of the
 *       record are those of a {@link TestRecord}, without locks, needs and dependencies of its test; each line has
 *       only those that have changed, and null for those that are gone. A test that the journal has is given by its
 *       name. The defaults are the first and last attempt, the platform of the run, the cause {@code FIRST}, a usable
 *       system, the slot 1, no duration, and the end {@link SpooledAttempt#KILLED}. Times are in the format of
 *       {@link java.time.Instant#toString()} and {@link java.time.Duration#toString()}. The first line of an attempt
 *       also has {@code artifacts}, which is false for a test that never started. {@code storedBy} has the names of
 *       the aggregators that have stored the attempt, if others have not. The states are those of
 *       {@link SpooledAttempt.State}.
 * </ul>
 *
 * <p>Readers ignore keys and lines of other kinds. A replay writes a journal of its own, {@code replays.jsonl}, which
 * continues the one of the run. When all attempts are stored, the journals are deleted, unless they are
 * {@linkplain #keep kept}.
 *
 * <p>If files are kept, the directory of an attempt that all aggregators have stored is moved to the directory
 * {@code attempts}. The program of a run may write a log, {@code run.log}.
 *
 * <p>The entries of the journal survive a kill of the program at once, and a crash of the machine a second later. The
 * artifacts are not synced.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}, which deletes empty directories.
 *
 * <p>Thread safety: thread-safe.
 */
public final class Spool implements AutoCloseable {
    static final String PREFIX = "run-";
    static final String JOURNAL = "journal.jsonl";
    static final String REPLAYS = "replays.jsonl";
    /** The directory of the artifacts of stored attempts, if they are kept. */
    static final String FILES = "attempts";

    static final String KEEPS_FILES = "keepsFiles";
    static final String ABOUT = "about";
    /** The log of a run, which its program may write. */
    static final String LOG = "run.log";

    static final String PLATFORM = "platform";
    /** The files of a run whose results are all stored. */
    private static final Set<String> KEPT = Set.of(JOURNAL, REPLAYS, FILES, LOG);

    private final Path directory;
    private final Path root;
    private final boolean temporary;
    private final boolean isKept;
    private final WriterLock lock;
    private final Journal journal;
    private final SpooledAttempt.Home home;
    private final AtomicLong count = new AtomicLong();
    private boolean isResumed;
    private List<EarlierAttempt> earlier = List.of();
    private Set<OpenFixture> openFixtures = Set.of();
    private List<String> problems = List.of();

    private Spool(
            Path directory, Path root, boolean temporary, boolean isKept, WriterLock lock, SpooledAttempt.Home home) {
        this.directory = directory;
        this.root = root;
        this.temporary = temporary;
        this.isKept = isKept;
        this.lock = lock;
        this.home = home;
        this.journal = home.journal();
    }

    /**
     * {@return a spool in a directory, which is created if it is missing}
     *
     * @param directory the directory, which other runs may use, too; null for a temporary one
     * @param run the unique id of the run
     * @param aggregators the unique names of the aggregators that are to store each attempt
     * @throws IOException if the directory cannot be created
     */
    public static Spool open(@Nullable Path directory, String run, List<String> aggregators) throws IOException {
        return directory == null
                ? open(Files.createTempDirectory("atex-run-"), run, head(run, aggregators), aggregators, true, false)
                : open(directory, run, head(run, aggregators), aggregators, false, false);
    }

    /**
     * {@return a spool whose journal stays after the run, for {@link PastRun}}
     *
     * @param directory the directory of runs, which is created if it is missing
     * @param run the unique id of the run
     * @param platform the platform of the run
     * @param aggregators the unique names of the aggregators that are to store each attempt
     * @param planned the tests of the run
     * @param files whether the artifacts of attempts stay as well
     * @throws IOException if the directory or the journal cannot be written
     */
    public static Spool keep(
            Path directory,
            String run,
            String platform,
            List<String> aggregators,
            List<PlainTest> planned,
            boolean files)
            throws IOException {
        Map<String, @Nullable Object> head = head(run, aggregators);
        head.put(PLATFORM, platform);
        if (files) {
            head.put(KEEPS_FILES, true);
        }
        head.put(ABOUT, about());
        Spool spool = open(directory, run, head, aggregators, false, true);
        try {
            spool.journal.plan(planned);
            return spool;
        } catch (IOException e) {
            spool.closeAfter(e);
            throw e;
        }
    }

    private void closeAfter(IOException failure) {
        try (lock;
                journal) {
            // Nothing to delete.
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * {@return the spool of the run that started last in a directory, so that this program goes on with it; null if there
     * is no such run} The run must have been {@linkplain #keep kept}, its program must have ended before the run did, and
     * it must have the same platform. {@link #earlier()} returns its attempts.
     *
     * @param directory the directory of runs, which need not exist
     * @param platform the platform of the run
     * @param aggregators the unique names of the aggregators that are to store each attempt
     * @param planned the tests of the run
     * @throws IOException if the journal cannot be read or written
     */
    public static @Nullable Spool resume(
            Path directory, String platform, List<String> aggregators, List<PlainTest> planned) throws IOException {
        for (Path root : PastRun.newestFirst(directory)) {
            Map<?, ?> head = JournalReader.headOf(root.resolve(JOURNAL));
            if (!platform.equals(head.get(PLATFORM))) {
                continue;
            }
            WriterLock lock = lockIfEnded(root);
            if (lock == null) {
                continue; // another program runs it
            }
            Spool resumed = null;
            try {
                resumed = resume(directory, root, aggregators, planned, lock);
            } finally {
                if (resumed == null) {
                    lock.close();
                }
            }
            return resumed;
        }
        return null;
    }

    private static @Nullable Spool resume(
            Path directory, Path root, List<String> aggregators, List<PlainTest> planned, WriterLock lock)
            throws IOException {
        List<String> problems = new ArrayList<>();
        JournalReader reader = new JournalReader(false, problems);
        reader.read(root.resolve(JOURNAL));
        reader.read(root.resolve(REPLAYS));
        if (reader.isEnded()) {
            return null;
        }
        LeftRun left = new LeftRun(root, false, new ArrayList<>(), problems);
        left.joinReplays();
        Map<String, @Nullable Object> head = reader.head();
        head.put("aggregators", aggregators);
        Journal journal = Journal.open(root.resolve(JOURNAL), head);
        Spool spool =
                new Spool(directory, root, false, true, lock, home(root, journal, aggregators, reader.keepsFiles()));
        try {
            Set<String> known = reader.planned().stream().map(PlainTest::name).collect(Collectors.toSet());
            journal.plan(planned.stream()
                    .filter(test -> !known.contains(test.name()))
                    .toList());
            spool.earlier = left.earlier(reader, journal, aggregators);
            spool.openFixtures = reader.openFixtures();
            spool.count.set(left.highest(reader));
            left.sweep();
            spool.problems = List.copyOf(problems);
            spool.isResumed = true;
            return spool;
        } catch (IOException e) {
            spool.closeAfter(e);
            throw e;
        }
    }

    /** {@return the id of the run} */
    public String run() {
        return root.getFileName().toString().substring(PREFIX.length());
    }

    /** {@return whether this program goes on with the run of another one} */
    public boolean isResumed() {
        return isResumed;
    }

    /** {@return the attempts before this program went on with the run, in the order in which they began} */
    public List<EarlierAttempt> earlier() {
        return earlier;
    }

    /** {@return the lines of the journal that could not be read when this program went on with the run, with the reasons} */
    public List<String> problems() {
        return problems;
    }

    /** {@return the fixtures that were started before this program went on with the run, and not finished} */
    public Set<OpenFixture> openFixtures() {
        return openFixtures;
    }

    /**
     * Writes that a fixture is about to be started, or is finished, if the journal is kept.
     *
     * @param fixture the fixture
     * @param open whether it is about to be started
     * @throws IOException if it cannot be written
     */
    public void fixture(OpenFixture fixture, boolean open) throws IOException {
        if (isKept) {
            journal.append(Map.of("fixture", fixture.name(), "where", fixture.where(), "open", open));
        }
    }

    private static Spool open(
            Path directory,
            String run,
            Map<String, @Nullable Object> head,
            List<String> aggregators,
            boolean temporary,
            boolean keep)
            throws IOException {
        Path parent = Files.createDirectories(directory);
        Path root = parent.resolve(PREFIX + run);
        WriterLock lock = WriterLock.of(root);
        try {
            Path created = Files.createDirectories(root);
            Journal journal = Journal.open(root.resolve(JOURNAL), head);
            boolean files = head.containsKey(KEEPS_FILES);
            return new Spool(parent, created, temporary, keep, lock, home(created, journal, aggregators, files));
        } catch (IOException e) {
            lock.close();
            throw e;
        }
    }

    static SpooledAttempt.Home home(Path run, Journal journal, List<String> aggregators, boolean keepsFiles) {
        return new SpooledAttempt.Home(journal, aggregators, keepsFiles ? run.resolve(FILES) : null);
    }

    static Map<String, @Nullable Object> head(String run, List<String> aggregators) {
        Map<String, @Nullable Object> head = new LinkedHashMap<>();
        head.put("run", run);
        head.put("aggregators", aggregators);
        head.put("started", Instant.now().toString());
        return head;
    }

    private static Map<String, @Nullable Object> about() {
        Map<String, @Nullable Object> about = new LinkedHashMap<>();
        about.put("host", hostName());
        about.put("user", System.getProperty("user.name", ""));
        about.put("directory", System.getProperty("user.dir", ""));
        about.put("java", Runtime.version().toString());
        about.put("os", System.getProperty("os.name", "") + " " + System.getProperty("os.version", ""));
        return about;
    }

    /** {@return the name of this host} Not from InetAddress, which may wait for a name server. */
    private static String hostName() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            return System.getenv().getOrDefault("COMPUTERNAME", System.getenv().getOrDefault("HOSTNAME", "unknown"));
        }
    }

    /**
     * {@return the default name of an aggregator: its {@code toString()}, or the name of its class if it has none}
     *
     * @param aggregator the aggregator
     */
    public static String nameOf(Aggregator aggregator) {
        String simple = aggregator.getClass().getSimpleName();
        @Nullable String text = aggregator.toString(); // user code may return null
        boolean isDefault = text == null
                || text.isBlank()
                || text.startsWith(aggregator.getClass().getName() + "@");
        return !isDefault ? text : simple.isEmpty() ? "aggregator" : simple;
    }

    /**
     * {@return a new attempt with an empty directory for its artifacts}
     *
     * @throws IOException if the directory cannot be created
     */
    public SpooledAttempt next() throws IOException {
        return next(true);
    }

    /**
     * {@return an attempt without artifacts, for a test that never started}
     *
     * @throws IOException if its number cannot be reserved
     */
    public SpooledAttempt nextWithoutArtifacts() throws IOException {
        return next(false);
    }

    /**
     * Writes the record of a test that never started, and that all aggregators have stored, if the journal is kept.
     *
     * @param record the record
     * @throws IOException if it cannot be written
     */
    public void stored(TestRecord record) throws IOException {
        if (isKept) {
            journal.appendNotStarted(record);
        }
    }

    private SpooledAttempt next(boolean artifacts) throws IOException {
        long number = count.incrementAndGet();
        Path created = created(root.resolve(Long.toString(number)));
        return new SpooledAttempt(home, number, created, artifacts ? Artifacts.at(created) : Artifacts.none());
    }

    private Path created(Path path) throws IOException {
        try {
            return Files.createDirectory(path);
        } catch (NoSuchFileException e) {
            // Another program has deleted the directory, as clean-up jobs for /tmp do.
            Files.createDirectories(root);
            journal.recreate();
            return Files.createDirectory(path);
        }
    }

    /**
     * Checks that a file can be written.
     *
     * @throws IOException if that is not possible, for example because the disk is full
     */
    public void requireFreeSpace() throws IOException {
        FreeSpace.require(Files.createDirectories(root));
    }

    /**
     * Deletes the directory of the run if all its results are stored, and the work directory if it is temporary and empty.
     * Call it after the end of the run.
     *
     * @throws IOException if a directory cannot be deleted
     */
    @Override
    public void close() throws IOException {
        try (lock;
                journal) {
            if (isKept) {
                journal.append(Map.of("ended", Instant.now().toString()));
            } else {
                boolean unused = deleteIfStored(root);
            }
        }
        if (temporary) {
            deleteIfEmpty(directory);
        }
    }

    /** Deletes the directory of a run unless it contains attempts that are not stored. {@return whether it was deleted} */
    static boolean deleteIfStored(Path run) throws IOException {
        boolean isStored = isStored(run);
        if (isStored) {
            Path files = run.resolve(FILES);
            if (Files.isDirectory(files, LinkOption.NOFOLLOW_LINKS)) {
                Artifacts.at(files).delete();
            }
            Files.deleteIfExists(run.resolve(LOG));
            Files.deleteIfExists(run.resolve(JOURNAL));
            Files.deleteIfExists(run.resolve(REPLAYS));
            deleteIfEmpty(run);
        }
        return isStored;
    }

    private static boolean isStored(Path run) throws IOException {
        try (Stream<Path> entries = Files.list(run)) {
            return entries.map(Spool::nameOf).allMatch(KEPT::contains);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static String nameOf(Path file) {
        return file.getFileName().toString();
    }

    private static void deleteIfEmpty(Path path) throws IOException {
        try {
            Files.deleteIfExists(path);
        } catch (DirectoryNotEmptyException e) {
            // It contains results that were not stored.
        }
    }

    /** Leaves everything as a killed program does, for tests. */
    void leave() throws IOException {
        journal.close();
        lock.release();
    }

    /** {@return the file to which the program of the run may write a log} */
    public Path log() {
        return root.resolve(LOG);
    }

    /** {@return the directory of the run} */
    @Override
    public String toString() {
        return root.toString();
    }

    /**
     * The result of a replay. Immutable.
     *
     * @param stored the attempts that the aggregator has stored
     * @param waiting the number of attempts that were left out, because the program that stores them still runs
     * @param problems what could not be read, stored or deleted, with the reason
     */
    public record Replay(List<TestRecord> stored, int waiting, List<String> problems) {
        /** Copies the lists. */
        public Replay {
            stored = List.copyOf(stored);
            problems = List.copyOf(problems);
        }
    }

    /**
     * Stores the results in a directory with an aggregator, whose name is {@link #nameOf}.
     *
     * @param directory the work directory of runs, or the directory of one run
     * @param aggregator the aggregator; the caller closes it
     * @return what was stored
     * @throws IOException if the directory cannot be read, or another replay of it is under way
     * @see #replay(Path, String, Aggregator)
     */
    public static Replay replay(Path directory, Aggregator aggregator) throws IOException {
        return replay(directory, nameOf(aggregator), aggregator);
    }

    /**
     * Stores the results in a directory with an aggregator, in the order in which the attempts of each run began.
     * Attempts that an aggregator with this name has stored already are left out, so that a replay can be repeated. An
     * attempt is deleted from the directory when all aggregators of its run have stored it.
     *
     * <p>Attempts of a run that goes on are left out unless their state is {@code KEPT}. An attempt that did not end
     * because its program was killed has the outcome {@link org.atex.api.Outcome#LOST}.
     *
     * @param directory the work directory of runs, or the directory of one run
     * @param name the name of the aggregator in its run
     * @param aggregator the aggregator; the caller closes it
     * @return what was stored
     * @throws IOException if the directory cannot be read, or another replay of it is under way
     */
    public static Replay replay(Path directory, String name, Aggregator aggregator) throws IOException {
        List<TestRecord> stored = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        int waiting = 0;
        for (Path run : runs(directory)) {
            try (WriterLock replaying = WriterLock.of(run.resolveSibling(run.getFileName() + ".replay"))) {
                WriterLock owner = lockIfEnded(run);
                LeftRun left = new LeftRun(run, owner == null, stored, problems);
                try {
                    waiting += left.replay(name, aggregator);
                } finally {
                    if (owner != null) {
                        left.sweep();
                        owner.close();
                    }
                }
            }
        }
        return new Replay(stored, waiting, problems);
    }

    /**
     * {@return the directory itself if it is one run, else the runs in it} A run has a journal. Its name is no proof: the
     * user chooses that of the directory of runs.
     */
    static List<Path> runs(Path directory) throws IOException {
        if (Files.exists(directory.resolve(JOURNAL))) {
            return List.of(directory);
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith(PREFIX))
                    .filter(Files::isDirectory)
                    .sorted()
                    .toList();
        }
    }

    /** {@return the lock of a run, or null if the run goes on} */
    static @Nullable WriterLock lockIfEnded(Path run) {
        try {
            return WriterLock.of(run);
        } catch (IOException e) {
            return null;
        }
    }
}
