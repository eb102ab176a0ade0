package org.atex.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.atex.api.AtexException;
import org.atex.api.CommandResult;
import org.atex.api.Input;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.ssh.Host;
import org.atex.testingfarm.FarmRequest;
import org.atex.testingfarm.Identity;
import org.atex.testingfarm.LeftoverRequests;
import org.atex.testingfarm.PipelineLog;
import org.atex.testingfarm.RequestSearch;
import org.atex.testingfarm.RequestState;
import org.atex.testingfarm.Reservation;
import org.atex.testingfarm.ReservationEvent;
import org.atex.testingfarm.TestingFarmApi;
import org.atex.testingfarm.TestingFarmProvisioner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command line program that reserves machines at Testing Farm and manages the reservations. */
@Command(
        name = "farm",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "about|whoami|composes|reserve|list|get-request|cancel|watch|stats",
        description = "Reserves machines at Testing Farm and manages them. TESTING_FARM_API_TOKEN has the token.")
final class Farm {
    private static final List<RequestState> NOT_OVER =
            List.of(RequestState.NEW, RequestState.QUEUED, RequestState.RUNNING, RequestState.CANCEL_REQUESTED);

    private final Reader input;
    private final Supplier<@Nullable String> token;

    @Spec
    private @Nullable CommandSpec spec;

    private Farm(Reader input, Supplier<@Nullable String> token) {
        this.input = input;
        this.token = token;
    }

    /** The options for the service. */
    static final class Service {
        @Option(
                names = "--api",
                paramLabel = "URL",
                description = "the address of the service; default: TESTING_FARM_API_URL or the public service")
        private @Nullable URI address;

        @Option(names = "--poll", paramLabel = "SECONDS", hidden = true)
        private double poll = 30;

        private Duration poll() {
            return Duration.ofMillis((long) (poll * 1000));
        }
    }

    private TestingFarmApi open(Service service) {
        TestingFarmApi.Builder builder =
                service.address == null ? TestingFarmApi.builder() : TestingFarmApi.builder(service.address);
        return builder.token(token).build();
    }

    @Command(mixinStandardHelpOptions = true, description = "Shows the address and version of the service.")
    void about(@Mixin Service service) throws InterruptedException {
        try (TestingFarmApi api = open(service)) {
            out().println(api.service() + ", version " + api.about());
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Shows the owner of the token.")
    void whoami(@Mixin Service service) throws InterruptedException {
        try (TestingFarmApi api = open(service)) {
            Identity identity = api.whoami();
            out().println("token " + identity.tokenName() + " (" + identity.tokenId() + ") of " + identity.userName()
                    + ", ranch " + identity.ranch());
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Lists the composes that can be reserved.")
    void composes(
            @Mixin Service service,
            @Option(names = "--ranch", paramLabel = "NAME", description = "default: the ranch of the token") @Nullable
                    String ranch)
            throws InterruptedException {
        try (TestingFarmApi api = open(service)) {
            String where = ranch == null ? String.valueOf(api.whoami().ranch()) : ranch;
            api.composes(where).stream()
                    .map(compose -> compose.name() + (compose.isPattern() ? "  (a pattern)" : ""))
                    .sorted()
                    .forEach(out()::println);
        }
    }

    /** The options for a reservation. */
    static final class Machine {
        @Option(names = "--compose", required = true, paramLabel = "NAME", description = "the operating system")
        private String compose = "";

        @Option(names = "--arch", paramLabel = "ARCH", description = "default: x86_64")
        private String arch = "x86_64";

        @Option(names = "--pool", paramLabel = "NAME", description = "the pool to reserve from")
        private @Nullable String pool;

        @Option(names = "--minutes", paramLabel = "N", description = "the duration; default: 30")
        private long minutes = 30;

        @Option(names = "--skip-guest-setup", description = "leave the machine as its image is")
        private boolean skipGuestSetup;

        @Option(names = "--key", paramLabel = "FILE", description = "a private ssh key; default: a new one")
        private @Nullable Path key;

        @Option(names = "--cidr", paramLabel = "CIDR", description = "addresses allowed by the firewall; default: ours")
        private List<String> cidrs = new ArrayList<>();

        @Option(names = "--port", paramLabel = "N", description = "the port of sshd; default: 22")
        private int port;

        private Reservation reservation() {
            Reservation.Builder builder = Reservation.builder(compose)
                    .arch(arch)
                    .duration(Duration.ofMinutes(minutes))
                    .skipGuestSetup(skipGuestSetup);
            return (pool == null ? builder : builder.pool(pool)).build();
        }

        private TestingFarmProvisioner.Builder provisioner(TestingFarmApi api) {
            TestingFarmProvisioner.Builder builder =
                    TestingFarmProvisioner.builder(api, reservation()).maxFailedRequests(0);
            if (key != null) {
                builder.key(key);
            }
            if (!cidrs.isEmpty()) {
                builder.sourceCidrs(cidrs.toArray(String[]::new));
            }
            if (port != 0) {
                builder.hosts(host -> Host.of(host + ":" + port));
            }
            return builder;
        }
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Reserves a machine, prints the ssh command, and holds it until Enter.")
    int reserve(
            @Mixin Service service,
            @Mixin Machine machine,
            @Option(names = "--script", paramLabel = "FILE", description = "a shell script to run on the machine first")
                    @Nullable
                    Path script,
            @Option(names = "--ssh", description = "open an ssh session; the reservation ends with it") boolean ssh)
            throws InterruptedException, IOException {
        try (TestingFarmApi api = open(service);
                TestingFarmProvisioner provisioner = machine.provisioner(api)
                        .pollEvery(service.poll())
                        .listener(this::tell)
                        .build()) {
            out().println("run " + provisioner.run() + " (if this program is killed: farm cancel --run "
                    + provisioner.run() + ")");
            provisioner.provision(1);
            Offer offer;
            do {
                // The provisioner limits each phase, so the loop ends.
                offer = provisioner.take(Duration.ofHours(1));
            } while (offer instanceof Offer.None);
            if (offer instanceof Offer.Failed failed) {
                throw failed.cause();
            }
            if (offer instanceof Offer.Ready ready) {
                try (Remote remote = ready.remote()) {
                    if (script != null) {
                        runScript(remote, script);
                    }
                    hold(remote, ssh);
                }
            }
        }
        return CommandLine.ExitCode.OK;
    }

    private void runScript(Remote remote, Path script) throws InterruptedException {
        CommandResult result = remote.connection()
                .run(org.atex.api.Command.bash("exec bash 2>&1").withStdin(Input.file(script)));
        out().print(result.stdout());
        if (!result.succeeded()) {
            out().println(script + " failed: " + result.end());
        }
    }

    private void hold(Remote remote, boolean ssh) throws IOException, InterruptedException {
        List<String> login = remote.connection().loginCommand();
        Instant expires = Objects.requireNonNull(remote.expires()).truncatedTo(ChronoUnit.SECONDS);
        out().println("until about " + expires + ":");
        out().println("    " + String.join(" ", login));
        if (ssh) {
            int code = new ProcessBuilder(login).inheritIO().start().waitFor();
            out().println("the ssh session has ended with exit code " + code + ", and with it the reservation");
        } else {
            out().println("Press Enter to end the reservation.");
            new BufferedReader(input).readLine();
        }
    }

    private void tell(ReservationEvent event) {
        out().println(event.phase().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                + (event.request().isEmpty() ? "" : " " + event.request())
                + " after " + event.before().toSeconds() + " s"
                + (event.detail().isEmpty() ? "" : ": " + event.detail()));
    }

    @Command(mixinStandardHelpOptions = true, description = "Lists the active reservations of the token.")
    void list(
            @Mixin Service service,
            @Option(names = "--run", paramLabel = "TAG", description = "only reservations of this run") @Nullable
                    String run,
            @Option(names = "--days", paramLabel = "N", description = "the maximum age; default: 1", defaultValue = "1")
                    int days)
            throws InterruptedException {
        try (TestingFarmApi api = open(service)) {
            Duration back = Duration.ofDays(days);
            List<FarmRequest> found = run == null
                    ? reservations(api, Instant.now().minus(back))
                    : LeftoverRequests.of(api, run).withMaxAge(back).list();
            found.forEach(request -> out().println(
                            request.id() + "  " + request.state().word() + "  "
                                    + request.compose() + "  " + request.arch() + "  " + request.created() + "  "
                                    + request.tags().getOrDefault("AtexRun", "")));
        }
    }

    private static List<FarmRequest> reservations(TestingFarmApi api, Instant after) throws InterruptedException {
        String token = api.whoami().tokenId();
        List<FarmRequest> found = new ArrayList<>();
        for (RequestState state : NOT_OVER) {
            for (FarmRequest request :
                    api.search(RequestSearch.of(state).ofToken(token).after(after))) {
                if (request.isReservation()) {
                    found.add(request);
                }
            }
        }
        return found;
    }

    @Command(name = "get-request", mixinStandardHelpOptions = true, description = "Shows a request.")
    void getRequest(@Mixin Service service, @Parameters(paramLabel = "ID") String id) throws InterruptedException {
        try (TestingFarmApi api = open(service)) {
            FarmRequest request = api.get(id);
            show("id", request.id());
            show("state", request.state().word());
            show("created", request.created());
            show("compose", request.compose());
            show("arch", request.arch());
            request.variables().forEach((name, value) -> show("variable", name + "=" + value));
            request.tags().forEach((name, value) -> show("tag", name + "=" + value));
            show("result", request.result());
            show("summary", request.summary());
            request.notes().forEach(note -> show("note", note));
            show("artifacts", request.artifacts());
            show("log", request.log());
        }
    }

    private void show(String name, @Nullable Object value) {
        if (value != null) {
            out().println(String.format(Locale.ROOT, "%-10s %s", name, value));
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Counts the requests that are not over, of all users.")
    void stats(
            @Mixin Service service,
            @Option(names = "--days", paramLabel = "N", description = "the maximum age; default: 1", defaultValue = "1")
                    int days)
            throws InterruptedException {
        try (TestingFarmApi api = open(service)) {
            Instant after = Instant.now().minus(Duration.ofDays(days));
            for (RequestState state : NOT_OVER) {
                List<FarmRequest> found = api.search(RequestSearch.of(state).after(after));
                long reservations =
                        found.stream().filter(FarmRequest::isReservation).count();
                out().println(String.format(
                        Locale.ROOT, "%-16s %d, of these %d reservations", state.word(), found.size(), reservations));
            }
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Cancels requests by id, or all requests of a run.")
    int cancel(
            @Mixin Service service,
            @Option(names = "--run", paramLabel = "TAG", description = "cancel all requests of this run") @Nullable
                    String run,
            @Parameters(paramLabel = "ID", description = "the ids of requests", arity = "0..*") @Nullable
                    List<String> ids)
            throws InterruptedException {
        if (run == null && (ids == null || ids.isEmpty())) {
            throw new CommandLine.ParameterException(
                    Objects.requireNonNull(spec).commandLine(), "no request to cancel: give ids, or --run TAG");
        }
        try (TestingFarmApi api = open(service)) {
            if (ids != null) {
                for (String id : ids) {
                    out().println(id + "  "
                            + api.cancel(id).name().toLowerCase(Locale.ROOT).replace('_', ' '));
                }
            }
            List<FarmRequest> left = run == null
                    ? List.of()
                    : LeftoverRequests.of(api, run).pollEvery(service.poll()).cancel(Duration.ofMinutes(5));
            left.forEach(request ->
                    out().println(request.id() + "  still " + request.state().word()));
            return left.isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Shows the state and the log of a request until it ends.")
    void watch(@Mixin Service service, @Parameters(paramLabel = "ID") String id) throws InterruptedException {
        try (TestingFarmApi api = open(service)) {
            PipelineLog log = null;
            RequestState last = null;
            while (true) {
                FarmRequest request = api.get(id);
                if (request.state() != last) {
                    last = request.state();
                    out().println(request.state().word());
                }
                URI address = request.log();
                if (log == null && address != null) {
                    log = PipelineLog.of(api, address);
                }
                if (log != null) {
                    log.next().forEach(line -> out().println("    " + line));
                }
                if (request.state().isOver()) {
                    request.notes().forEach(note -> out().println("note: " + note));
                    out().println("result: " + request.result()
                            + (request.summary() == null ? "" : ", " + request.summary()));
                    return;
                }
                Thread.sleep(service.poll());
            }
        }
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    /** {@return the exit code; 2 for bad input and refused requests, which are reported on standard error} */
    static int run(Reader in, Supplier<@Nullable String> token, PrintWriter out, PrintWriter err, String... arguments) {
        return new CommandLine(new Farm(in, token))
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((e, unused) -> complain(err, e))
                .setExecutionExceptionHandler((e, unused, all) -> {
                    if (e instanceof AtexException || e instanceof IllegalArgumentException) {
                        return complain(err, e);
                    }
                    throw e;
                })
                .execute(arguments);
    }

    private static int complain(PrintWriter err, Exception e) {
        String message =
                String.valueOf(e.getMessage()).lines().map(String::strip).collect(Collectors.joining("\n    "));
        err.println("farm: " + message);
        err.flush();
        return CommandLine.ExitCode.USAGE;
    }

    public static void main(String[] arguments) {
        var in = new InputStreamReader(System.in, Charset.defaultCharset());
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(in, () -> System.getenv("TESTING_FARM_API_TOKEN"), out, err, arguments));
    }
}
