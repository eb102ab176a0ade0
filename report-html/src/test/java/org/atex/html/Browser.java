package org.atex.html;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;
import org.opentest4j.TestAbortedException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real Chromium for all tests of a class. Keeps a screenshot of each test. Without it, the tests are skipped; with {@code -Datex.required=true} they
 * fail.
 */
final class Browser implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private @Nullable ChromeDriver driver;
    private @Nullable Path profile;
    private final Set<String> served = new HashSet<>();

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        Optional<Path> chromium = program("chromium");
        Optional<Path> chromedriver = program("chromedriver");
        if (chromium.isEmpty() || chromedriver.isEmpty()) {
            String problem = "this machine has no chromium or no chromedriver: run lab/install";
            if (Boolean.getBoolean("atex.required")) {
                throw new AssertionError(problem);
            }
            throw new TestAbortedException(problem);
        }
        profile = Files.createTempDirectory("browser-");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions().setBinary(chromium.get().toFile());
        options.addArguments(
                "--headless=new",
                "--no-sandbox", // for root
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--window-size=1280,900",
                "--user-data-dir=" + profile);
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver.get().toFile())
                .usingAnyFreePort()
                // Chromium has a socket in the temporary directory, whose path must be short.
                .withEnvironment(Map.of("TMPDIR", "/tmp", "HOME", profile.toString()))
                .build();
        driver = new ChromeDriver(service, options);
    }

    /** Keeps what the browser showed at the end of each test, in {@code target/screenshots}. */
    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        Path directory = Files.createDirectories(Path.of("target", "screenshots"));
        String test = context.getRequiredTestClass().getSimpleName() + "-"
                + context.getRequiredTestMethod().getName();
        Files.write(directory.resolve(test + ".png"), driver().getScreenshotAs(OutputType.BYTES));
    }

    private static Optional<Path> program(String name) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (driver != null) {
            driver.quit();
        }
        if (profile != null) {
            try (Stream<Path> all = Files.walk(profile)) {
                for (Path file : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    ChromeDriver driver() {
        return java.util.Objects.requireNonNull(driver, "the browser is not started");
    }

    /** Opens a page with a fragment, always as a new document, and waits until its script has run. */
    void open(Path page, String fragment) {
        driver().get("about:blank");
        driver().get(page.toUri() + fragment);
        await("return document.documentElement.dataset.ready !== undefined");
    }

    /** Opens a page of a server of this test; requests to that server are expected from now on. */
    void visit(URI page, String fragment) {
        served.add("http://" + page.getAuthority() + "/");
        driver().get(page + fragment);
    }

    /** Waits until a script returns true. */
    void await(String condition) {
        new WebDriverWait(driver(), TIMEOUT, Duration.ofMillis(50))
                .withMessage(condition)
                .until(unused -> Boolean.TRUE.equals(driver().executeScript(condition)));
    }

    Object run(String script) {
        return driver().executeScript(script);
    }

    WebElement find(String css) {
        return driver().findElement(By.cssSelector(css));
    }

    /** {@return the shown texts of all matching elements} */
    List<String> texts(String css) {
        return read(() -> driver().findElements(By.cssSelector(css)).stream()
                .map(WebElement::getText)
                .toList());
    }

    String text(String css) {
        return read(() -> find(css).getText());
    }

    /** Reads elements again that a page replaces, because it loads itself, after they were found. */
    private <T> T read(Supplier<T> elements) {
        return new WebDriverWait(driver(), TIMEOUT, Duration.ofMillis(50))
                .ignoring(StaleElementReferenceException.class)
                .until(unused -> elements.get());
    }

    void resize(int width, int height) {
        driver().manage().window().setSize(new Dimension(width, height));
    }

    /**
     * {@return warnings and errors of the console, and requests for anything but files and data, since the last call}
     *
     * <p>The browser may tell of requests to a visited server after the page was left, even in the next test.
     */
    List<String> complaints() {
        List<String> console = driver().manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::getMessage)
                .toList();
        List<String> requests = driver().manage().logs().get(LogType.PERFORMANCE).getAll().stream()
                .map(entry -> JsonMapper.shared().readTree(entry.getMessage()).path("message"))
                .filter(message -> message.path("method").asString().equals("Network.requestWillBeSent"))
                .map(message -> url(message.path("params")))
                .filter(url -> !url.matches("(file|data|about|chrome):.*"))
                .toList();
        return Stream.concat(console.stream(), requests.stream())
                .filter(complaint -> served.stream().noneMatch(complaint::contains))
                .toList();
    }

    private static String url(JsonNode parameters) {
        return parameters.path("request").path("url").asString();
    }
}
