package org.atex.testingfarm;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.atex.http.HttpExchanges;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks up the public address of this host at web sites. A failed lookup is logged and does not fail the run.
 * Thread-safe.
 */
final class SourceAddresses {
    static final List<URI> DEFAULT_SITES = List.of(
            URI.create("https://ipv4.icanhazip.com"),
            URI.create("https://ifconfig.me/ip"),
            URI.create("https://ifconfig.co/ip"));

    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);
    private static final Pattern ADDRESS = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern CIDR = Pattern.compile("[0-9a-fA-F.:]{2,45}/\\d{1,3}");

    private SourceAddresses() {}

    /** {@return the public address as {@code a.b.c.d/32}, or an empty list if no site returns it} */
    static List<String> lookUp(List<URI> sites) throws InterruptedException {
        try (HttpExchanges http = TestingFarmApi.http(null)) {
            for (URI site : sites) {
                try {
                    HttpExchanges.Response response = http.send(
                            HttpExchanges.Request.get(site, Map.of("Accept", "text/plain"), 64), ANSWER_WITHIN);
                    String address = response.text().strip();
                    if (response.status() == 200 && ADDRESS.matcher(address).matches()) {
                        return List.of(address + "/32");
                    }
                    LOG.debug("{} did not return an address", site);
                } catch (IOException e) {
                    LOG.debug("could not get an address from {}: {}", site, HttpExchanges.reason(e));
                }
            }
        }
        LOG.warn("could not look up the public address of this host:"
                + " the firewall of the machines may block ssh; set sourceCidrs");
        return List.of();
    }

    static String checkCidr(String cidr) {
        if (!CIDR.matcher(cidr).matches()) {
            throw new IllegalArgumentException(
                    "not an address range: '" + cidr + "'; expected a CIDR such as 192.0.2.1/32");
        }
        return cidr;
    }
}
