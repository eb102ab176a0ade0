package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.lab.Logs;
import org.atex.testkit.Call;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@Timeout(180)
class SshProvisionerTest {
    private static final Duration MOMENT = Duration.ofMillis(1);

    /** The names of hosts that refuse the connection. */
    private final Map<String, String> broken = new ConcurrentHashMap<>();

    private final BlockingQueue<String> connected = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> closing = new ArrayList<>();

    private Connection connect(Host host, Duration within) {
        connected.add(host.address());
        String why = broken.get(host.address());
        if (why != null) {
            throw new ConnectionLostException(why, null);
        }
        return FakeConnection.obedient();
    }

    private SshProvisioner.Builder over(HostSource source) {
        return SshProvisioner.builder(source, this::connect).retryDelay(MOMENT);
    }

    private SshProvisioner open(SshProvisioner.Builder builder) {
        SshProvisioner provisioner = builder.build();
        closing.add(provisioner);
        return provisioner;
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : closing) {
            each.close();
        }
    }

    private static Remote ready(SshProvisioner provisioner) throws InterruptedException {
        Offer offer = provisioner.take(Call.SOON);
        assertThat(offer).isInstanceOf(Offer.Ready.class);
        return ((Offer.Ready) offer).remote();
    }

    @Test
    void firstFailureIsOfferedIfThereIsNoOtherHost() throws Exception {
        broken.put("a", "Connection refused");
        SshProvisioner provisioner = open(over(Hosts.of("a")).retryDelay(Duration.ofHours(1)));
        provisioner.provision(1);
        assertThat(provisioner.take(Call.SOON))
                .isInstanceOfSatisfying(
                        Offer.Failed.class,
                        failed -> assertThat(failed.cause())
                                .hasMessage(
                                        "could not connect to a: Connection refused (failure 1 of 3: it is tried again in 3600000 ms)"));
    }

    /** An orchestrator counts failures of a host by this name, for all systems on the host. */
    @Test
    void allSystemsAndFailuresOfAHostHaveOneHostName() throws Exception {
        Host host = Host.of("me@a:2222");
        SshProvisioner provisioner = open(over(Hosts.of(List.of(host))).retryDelay(Duration.ofHours(1)));
        for (String name : List.of("a:2222", "a:2222#2")) {
            provisioner.provision(1);
            try (Remote remote = ready(provisioner)) {
                assertThat(remote.name()).isEqualTo(name);
                assertThat(remote.host()).isEqualTo("a:2222");
            }
        }
        broken.put("a", "Connection refused");
        provisioner.provision(1);
        assertThat(provisioner.take(Call.SOON))
                .isInstanceOfSatisfying(
                        Offer.Failed.class,
                        failed -> assertThat(failed.cause().host()).contains("a:2222"));
    }

    @Test
    void hostsBehindDifferentJumpHostsAreDifferentHosts() throws Exception {
        List<Host> hosts =
                List.of(Host.of("a").withJumpHost("gate-1"), Host.of("a").withJumpHost("gate-2"));
        SshProvisioner provisioner = open(over(Hosts.of(hosts)));
        provisioner.provision(2);
        assertThat(List.of(ready(provisioner).host(), ready(provisioner).host()))
                .containsExactlyInAnyOrder("a via gate-1", "a via gate-2");
    }

    @Test
    void systemHasLabelsAndSlotsOfItsHost() throws Exception {
        Host host = Host.of("me@[::1]:2222").withSlots(4).withArguments(Map.of("arch", "arm64"));
        SshProvisioner provisioner = open(over(Hosts.of(List.of(host))));
        provisioner.provision(1);
        Remote remote = ready(provisioner);
        assertThat(remote.name()).isEqualTo("[::1]:2222");
        assertThat(remote.labels())
                .isEqualTo(Map.of("arch", "arm64", "host", "::1", "port", "2222", "throwaway", "no"));
        assertThat(remote.slots()).isEqualTo(4);
        assertThat(provisioner.labels()).isEqualTo(remote.labels());
        remote.close();
        provisioner.provision(1);
        assertThat(ready(provisioner).name()).as("the host used again").isEqualTo("[::1]:2222#2");
    }

    @Test
    void hostsAreTakenOnlyOnRequest() throws Exception {
        try (HostSource source = Hosts.of("a", "b", "c")) {
            SshProvisioner provisioner = open(over(source));
            provisioner.provision(2);
            ready(provisioner);
            ready(provisioner);
            assertThat(source.take(Duration.ZERO)).isInstanceOf(HostSource.Next.Found.class);
            assertThat(connected).hasSize(2);
        }
    }

    @Test
    void hostsAreConnectedToInParallelAndTheFirstReadyComesFirst() throws Exception {
        CountDownLatch all = new CountDownLatch(3);
        CountDownLatch slow = new CountDownLatch(1);
        SshProvisioner provisioner = open(SshProvisioner.builder(Hosts.of("slow", "b", "c"), (host, within) -> {
                    assertThat(within).isEqualTo(Duration.ofSeconds(7));
                    all.countDown();
                    all.await();
                    if (host.address().equals("slow")) {
                        slow.await();
                    }
                    return FakeConnection.obedient();
                })
                .connectWithin(Duration.ofSeconds(7)));
        provisioner.provision(3);
        assertThat(List.of(ready(provisioner).name(), ready(provisioner).name()))
                .containsExactlyInAnyOrder("b", "c");
        slow.countDown();
        assertThat(ready(provisioner).name()).isEqualTo("slow");
    }

    @Test
    void anotherHostReplacesAFailedOne() throws Exception {
        broken.put("a", "Connection refused");
        SshProvisioner provisioner = open(over(Hosts.of("a", "b")).retryDelay(Duration.ofHours(1)));
        provisioner.provision(1);
        assertThat(ready(provisioner).name()).isEqualTo("b");
        assertThat(provisioner.quarantined()).singleElement().satisfies(host -> {
            assertThat(host.host().address()).isEqualTo("a");
            assertThat(host.failures()).isEqualTo(1);
            assertThat(host.givenUp()).isFalse();
            assertThat(host).asString().contains("a (quarantined after 1 failure: ", "Connection refused");
        });
    }

    @Test
    void quarantinedHostIsUsedAgainWhenItWorks() throws Exception {
        broken.put("a", "still booting");
        SshProvisioner provisioner = open(over(Hosts.of("a")).maxAttempts(1000));
        provisioner.provision(1);
        assertThat(provisioner.take(Call.SOON)).isInstanceOf(Offer.Failed.class);
        broken.clear();
        provisioner.provision(1);
        Offer offer = provisioner.take(Call.SOON);
        for (; offer instanceof Offer.Failed; offer = provisioner.take(Call.SOON)) {
            provisioner.provision(1); // the quarantine may have ended before the host was repaired
        }
        assertThat(offer).isInstanceOf(Offer.Ready.class);
    }

    @Test
    void hostThatKeepsFailingIsGivenUpAndNamedOnceForEachReason() throws Exception {
        broken.put("a", "Connection refused");
        try (Logs logs = new Logs()) {
            SshProvisioner provisioner = open(over(Hosts.of("root@a:2222")).maxAttempts(3));
            List<String> failures = new ArrayList<>();
            provisioner.provision(1);
            Offer offer = provisioner.take(Call.SOON);
            for (; offer instanceof Offer.Failed failed; offer = provisioner.take(Call.SOON)) {
                failures.add(failed.cause().getMessage());
                provisioner.provision(1);
            }
            assertThat(failures)
                    .isNotEmpty()
                    .allMatch(
                            text -> text.startsWith("could not connect to root@a:2222: Connection refused (failure "));
            assertThat(failures.getLast()).contains("failure 3 of 3: it is given up");
            assertThat(offer)
                    .isInstanceOfSatisfying(
                            Offer.Exhausted.class,
                            exhausted -> assertThat(exhausted.why())
                                    .contains("no host is left", "root@a:2222 (given up after 3 failures: "));
            assertThat(provisioner.take(Duration.ZERO)).isInstanceOf(Offer.Exhausted.class);
            assertThat(connected).hasSize(3);
            assertThat(logs.messages(Level.WARN).stream().filter(text -> text.contains("refused")))
                    .hasSize(1);
        }
    }

    @Test
    void givenUpHostIsOfferedAsFailedThoughOthersAreLeft() throws Exception {
        broken.put("a", "No route to host");
        SshProvisioner provisioner = open(over(Hosts.of("a", "b")).maxAttempts(1));
        provisioner.provision(2);
        List<Offer> offers = List.of(provisioner.take(Call.SOON), provisioner.take(Call.SOON));
        assertThat(offers).hasAtLeastOneElementOfType(Offer.Ready.class);
        assertThat(offers).hasAtLeastOneElementOfType(Offer.Failed.class);
    }

    @Test
    void hostIsCleanedUpBeforeItIsUsedAgain() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        SshProvisioner provisioner = open(over(Hosts.of("a")).cleanUp(cleaned -> {
            cleaned.connection().run(Command.of("rm", "-rf", "/var/tmp/leftovers"));
            events.add("cleaned " + cleaned.name());
        }));
        provisioner.provision(2);
        try (Remote remote = ready(provisioner)) {
            events.add("used " + remote.name());
        }
        events.add("used " + ready(provisioner).name());
        assertThat(events).containsExactly("used a", "cleaned a", "used a#2");
    }

    @Test
    void hostThatCannotBeCleanedUpIsQuarantined() throws Exception {
        SshProvisioner provisioner =
                open(over(Hosts.of("a", "b")).maxAttempts(1).cleanUp(remote -> {
                    throw new IllegalStateException("disk full");
                }));
        provisioner.provision(1);
        ready(provisioner).close();
        assertThat(provisioner.quarantined()).singleElement().asString().contains("given up", "disk full");
    }

    @Test
    void cleanUpIsInterruptedAfterItsTimeLimit() throws Exception {
        AtomicInteger interrupts = new AtomicInteger();
        SshProvisioner provisioner = open(over(Hosts.of("a"))
                .maxAttempts(1)
                .cleanUpWithin(Duration.ofMillis(50))
                .cleanUp(remote -> {
                    try {
                        new CountDownLatch(1).await();
                    } finally {
                        interrupts.incrementAndGet();
                    }
                }));
        provisioner.provision(1);
        ready(provisioner).close();
        assertThat(interrupts).hasValue(1);
        assertThat(provisioner.quarantined()).singleElement().asString().contains("not cleaned up in time");
    }

    @Test
    void hostWhoseConnectionIsLostIsQuarantined() throws Exception {
        SshProvisioner provisioner = open(over(Hosts.of("a")).maxAttempts(2));
        for (int i = 1; i <= 2; i++) {
            provisioner.provision(1);
            Remote remote = ready(provisioner);
            ((FakeConnection) remote.connection()).lose();
            remote.close();
        }
        assertThat(provisioner.quarantined()).singleElement().asString().contains("given up after 2", "was lost");
    }

    @Test
    void aSuccessfulUseResetsTheFailures() throws Exception {
        SshProvisioner provisioner = open(over(Hosts.of("a")).maxAttempts(2));
        for (int i = 1; i <= 4; i++) {
            provisioner.provision(1);
            Remote remote = ready(provisioner);
            if (i % 2 == 0) {
                ((FakeConnection) remote.connection()).lose();
            }
            remote.close();
        }
        provisioner.provision(1);
        assertThat(ready(provisioner).name()).isEqualTo("a#5");
    }

    @Test
    void clearCancelsConnecting() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        SshProvisioner provisioner = open(SshProvisioner.builder(Hosts.of("a"), (host, within) -> {
            connected.add(host.address());
            if (calls.getAndIncrement() == 0) {
                try {
                    new CountDownLatch(1).await();
                } finally {
                    interrupted.countDown();
                }
            }
            return FakeConnection.obedient();
        }));
        provisioner.provision(1);
        assertThat(connected.poll(10, TimeUnit.SECONDS)).isEqualTo("a");
        provisioner.clear();
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(provisioner.quarantined()).isEmpty();
        provisioner.provision(1);
        assertThat(ready(provisioner).name()).isEqualTo("a");
    }

    @Test
    void connectionMadeAfterCloseIsClosed() throws Exception {
        FakeConnection late = FakeConnection.obedient();
        CountDownLatch closingNow = new CountDownLatch(1);
        SshProvisioner provisioner = open(SshProvisioner.builder(Hosts.of("a"), (host, within) -> {
            connected.add(host.address());
            boolean interrupted = true;
            while (interrupted) {
                try {
                    closingNow.await();
                    interrupted = false;
                } catch (InterruptedException e) {
                    closingNow.countDown(); // a connector that ignores the interrupt
                }
            }
            return late;
        }));
        provisioner.provision(1);
        assertThat(connected.poll(10, TimeUnit.SECONDS)).isEqualTo("a");
        provisioner.close();
        assertThatThrownBy(() -> late.start(Command.of("true"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeGivesAllHostsBackAndClosesTheSource() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        HostSource list = Hosts.of("a", "b", "c");
        broken.put("b", "no");
        SshProvisioner provisioner = open(over(new HostSource() {
                    @Override
                    public Next take(Duration atMost) throws InterruptedException {
                        return list.take(atMost);
                    }

                    @Override
                    public void giveBack(Host host, boolean healthy) {
                        events.add(host + " " + healthy);
                    }

                    @Override
                    public void close() {
                        events.add("closed");
                        list.close();
                    }
                })
                .maxAttempts(1)
                .cleanUp(cleaned -> events.add("cleaned " + cleaned.name())));
        provisioner.provision(3);
        for (int i = 0; i < 3; i++) {
            provisioner.take(Call.SOON);
        }
        provisioner.close();
        assertThat(new ArrayList<>(events).subList(0, 3))
                .containsExactlyInAnyOrder("b false", "cleaned a", "cleaned c");
        assertThat(new ArrayList<>(events).subList(3, 6)).containsExactly("a true", "c true", "closed");
    }

    @Test
    void failureOfTheSourceIsTheReason() throws Exception {
        SshProvisioner provisioner = open(over(new HostSource() {
            @Override
            public Next take(Duration atMost) {
                throw new IllegalArgumentException("out of order");
            }

            @Override
            public void giveBack(Host host, boolean healthy) {}

            @Override
            public void close() {}

            @Override
            public String toString() {
                return "a broken source";
            }
        }));
        provisioner.provision(1);
        assertThat(provisioner.take(Call.SOON))
                .isEqualTo(new Offer.Exhausted("no host is left: a broken source failed: out of order"));
    }

    @Test
    void invalidSettingsAreRefused() {
        SshProvisioner.Builder builder = over(Hosts.of("a"));
        assertThatThrownBy(() -> builder.maxAttempts(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.connectWithin(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.retryDelay(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
