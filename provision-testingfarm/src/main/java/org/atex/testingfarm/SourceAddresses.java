package org.atex.testingfarm;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the world what our address looks like from outside. No run fails for want of an answer. Thread-safe. */
final class SourceAddresses {
    static final List<URI> USUAL = List.of(
            URI.create("https://ipv4.icanhazip.com"),
            URI.create("https://ifconfig.me/ip"),
            URI.create("https://ifconfig.co/ip"));

    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);
    private static final Pattern ADDRESS = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern CIDR = Pattern.compile("[0-9a-fA-F.:]{2,45}/\\d{1,3}");

    private SourceAddresses() {}

    /** {@return our address as {@code a.b.c.d/32}, or nothing if nobody says} */
    static List<String> lookUp(List<URI> sites) throws InterruptedException {
        try (FarmHttp http = new FarmHttp(null)) {
            for (URI site : sites) {
                try {
                    FarmHttp.Answer answer =
                            http.ask(FarmHttp.Question.get(site, Map.of("Accept", "text/plain"), 64), ANSWER_WITHIN);
                    String address = answer.text().strip();
                    if (answer.status() == 200 && ADDRESS.matcher(address).matches()) {
                        return List.of(address + "/32");
                    }
                    LOG.debug("{} did not say our address", site);
                } catch (IOException e) {
                    LOG.debug("{} did not say our address: {}", site, FarmHttp.reason(e));
                }
            }
        }
        LOG.warn("nobody says what our address is: the firewall of the machines may keep us out; give sourceCidrs");
        return List.of();
    }

    static String checked(String cidr) {
        if (!CIDR.matcher(cidr).matches()) {
            throw new IllegalArgumentException(
                    "not addresses for a firewall: '" + cidr + "'; expected something as 192.0.2.1/32");
        }
        return cidr;
    }
}
