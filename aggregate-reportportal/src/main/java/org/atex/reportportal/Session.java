package org.atex.reportportal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.AggregationException;
import org.atex.support.Deadline;
import org.atex.support.Durations;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/** A launch that is being sent: its spool and its sender. Thread-safe. */
final class Session implements AutoCloseable {
    private final LaunchSpool spool;
    private final ReportPortalProject project;
    private final ReportPortalOptions options;
    private final Portal portal;
    private final Courier courier;
    private final LaunchSender sender;
    private final Dispatcher dispatcher;

    Session(LaunchSpool spool, ReportPortalProject project, ReportPortalOptions options) {
        this.spool = spool;
        this.project = project;
        this.options = options;
        this.portal = new Portal(project, options);
        this.courier = new Courier(options.tuning());
        this.sender = new LaunchSender(spool, options, portal, courier);
        this.dispatcher =
                new Dispatcher(sender, options.senders(), project + ", they are kept in " + spool + ", for resend()");
        spool.pending().forEach(dispatcher::offer);
    }

    LaunchSpool spool() {
        return spool;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    /**
     * Waits until the results that are in the spool now are sent.
     *
     * @throws AggregationException if they were not sent within the limit
     */
    void flush() {
        List<Item> ready = spool.pending().stream().filter(Item::isReady).toList();
        if (!dispatcher.awaitSent(ready, Deadline.in(options.limit()))) {
            throw notSent(ready);
        }
    }

    private AggregationException notSent(List<Item> items) {
        long left = items.stream().filter(item -> !item.isOver()).count();
        String why = dispatcher.failure().isEmpty()
                ? "not within " + Durations.words(options.limit())
                        + (courier.lastFailure().isEmpty() ? "" : ", the last failure was: " + courier.lastFailure())
                : dispatcher.failure();
        return new AggregationException(
                "could not send "
                        + (left == 0 ? "the end of the launch" : "the results of " + Plural.of(left, "attempt"))
                        + " to " + project + ": " + why + "; all results are kept in " + spool
                        + ", and ReportPortalAggregator.resend() sends them later",
                null);
    }

    /**
     * Sends everything, and finishes the launch. Afterwards nothing more is sent.
     *
     * @return why that was not possible, or null
     */
    @Nullable
    AggregationException finish() {
        Deadline deadline = Deadline.in(options.limit());
        try {
            List<Item> left = new ArrayList<>(spool.pending());
            for (Item item : left) {
                item.abandon();
                dispatcher.offer(item);
            }
            if (!dispatcher.awaitSent(left, deadline)) {
                return notSent(left);
            }
            dispatcher.finish();
            if (!dispatcher.awaitFinished(deadline)) {
                return notSent(left);
            }
            return sender.refused() == 0
                    ? null
                    : new AggregationException(
                            Plural.of(sender.refused(), "refusal") + ", the first one: " + sender.firstRefusal(), null);
        } finally {
            dispatcher.close();
            portal.close();
        }
    }

    @Override
    public void close() throws IOException {
        dispatcher.close();
        portal.close();
        spool.close();
    }
}
