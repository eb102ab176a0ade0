package org.atex.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/** Looks up names as this machine does, but also names that a test holds back. Thread-safe. */
public final class HeldNames extends InetAddressResolverProvider {
    private static final Map<String, HeldName> NAMES = new ConcurrentHashMap<>();

    /** A name of this machine whose lookups wait until {@link #release()}. */
    static final class HeldName {
        private final String text = UUID.randomUUID() + ".test";
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);

        @Override
        public String toString() {
            return text;
        }

        boolean isLookedUp() {
            return asked.getCount() == 0;
        }

        void awaitLookup() throws InterruptedException {
            asked.await();
        }

        void release() {
            released.countDown();
        }
    }

    /** {@return a new name: this JVM keeps the address of a name that it has looked up} */
    static HeldName create() {
        HeldName name = new HeldName();
        NAMES.put(name.text, name);
        return name;
    }

    @Override
    public InetAddressResolver get(Configuration configuration) {
        InetAddressResolver builtin = configuration.builtinResolver();
        return new InetAddressResolver() {
            @Override
            public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) throws UnknownHostException {
                HeldName name = NAMES.get(host);
                if (name == null) {
                    return builtin.lookupByName(host, policy);
                }
                name.asked.countDown();
                boolean interrupted = false;
                while (true) {
                    // As the lookup of the system, it does not react to interrupts.
                    try {
                        name.released.await();
                        break;
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                return Stream.of(InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1}));
            }

            @Override
            public String lookupByAddress(byte[] address) throws UnknownHostException {
                return builtin.lookupByAddress(address);
            }
        };
    }

    @Override
    public String name() {
        return "names that tests hold back";
    }
}
