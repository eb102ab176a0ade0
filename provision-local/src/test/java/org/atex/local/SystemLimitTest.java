package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many more systems are requested than the maximum allows. */
@Timeout(180)
class SystemLimitTest {
    @Test
    void systemsNeverExceedTheMaximum() throws Exception {
        List<String> names = new ArrayList<>();
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(3);
                ExecutorService takers = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletionService<Offer> offers = new ExecutorCompletionService<>(takers);
            assertThat(provisioner.maxSystems()).isEqualTo(3);
            provisioner.provision(300);
            List<Future<Offer>> all = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                all.add(offers.submit(() -> provisioner.take(Duration.ofSeconds(50))));
            }
            Deque<Remote> taken = new ArrayDeque<>();
            while (names.size() < all.size()) {
                taken.add(remote(offers.take()));
                for (Future<Offer> more; (more = offers.poll()) != null; ) {
                    taken.add(remote(more));
                }
                assertThat(taken).hasSizeBetween(1, 3);
                names.add(taken.element().name());
                taken.remove().close();
                if (names.size() + taken.size() == all.size()) {
                    taken.forEach(remote -> names.add(remote.name()));
                }
            }
        }
        assertThat(names).hasSize(300).doesNotHaveDuplicates();
    }

    private static Remote remote(Future<Offer> offer) throws Exception {
        return ((Offer.Ready) offer.get()).remote();
    }
}
