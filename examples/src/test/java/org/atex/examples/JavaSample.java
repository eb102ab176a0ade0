package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * A block of Java in the documentation. It contains a whole file with types, or imports and statements, which are
 * wrapped in a class {@code Sample}. The word behind {@code java} selects how the build handles it:
 *
 * <ul>
 * <li>none: it is compiled, and run beside a copy of the example tests;
 * <li>{@code compiled}: it is compiled only, as the build lacks a requirement of it, or later blocks use its types;
 * <li>{@code fragment}: it is compiled behind the imports and statements of the comment {@code <!-- given} above it,
 * which readers do not see.
 * </ul>
 *
 * <p>Later blocks of a page can use the types of earlier ones.
 *
 * @param block its block in the page
 * @param name the name of its first class
 * @param source the complete source file
 */
record JavaSample(Markdown.Block block, String name, String source) {
    private static final Pattern TYPE =
            Pattern.compile("(?m)^(?:(?:public|final|abstract|sealed) )*(?:class|record|interface|enum) (\\w+)");

    static JavaSample of(Markdown.Block block) {
        Matcher type = TYPE.matcher(block.text());
        return type.find()
                ? new JavaSample(block, type.group(1), block.text())
                : new JavaSample(block, "Sample", program(block.given() + block.text()));
    }

    /** {@return the samples of a page, in order} */
    static List<JavaSample> in(Markdown page) {
        return page.blocks().stream()
                .filter(block -> block.language().equals("java"))
                .map(JavaSample::of)
                .toList();
    }

    /** {@return the samples of all pages} */
    static List<JavaSample> all() throws IOException {
        return Markdown.all().stream().flatMap(page -> in(page).stream()).toList();
    }

    boolean isRun() {
        return block.mark().isEmpty();
    }

    private boolean isStatements() {
        return name.equals("Sample");
    }

    /** {@return a class with the imports and statements} */
    static String program(String sample) {
        String imports = sample.lines()
                .filter(line -> line.startsWith("import "))
                .distinct()
                .collect(Collectors.joining("\n"));
        String body = sample.lines().filter(line -> !line.startsWith("import ")).collect(Collectors.joining("\n"));
        return imports + "\npublic class Sample {\npublic static void main(String[] args) throws Exception {\n" + body
                + "\n}\n}\n";
    }

    /** {@return the class path to run it, with the directory that the types of its page were compiled into} */
    String compile(Path directory) throws IOException {
        String classPath = System.getProperty("java.class.path");
        for (JavaSample other :
                in(Markdown.of(Markdown.ROOT.relativize(block.page()).toString()))) {
            boolean isThis = other.block.line() == block.line();
            if (isThis || !other.isStatements() && other.block.line() < block.line()) {
                Path place = Files.createDirectories(directory.resolve("line" + other.block.line()));
                other.compile(place, classPath);
                classPath = place + File.pathSeparator + classPath;
            }
        }
        return classPath;
    }

    /**
     * Compiles a type of a page, with the types before it.
     *
     * @return a class loader that finds the types of the page
     */
    static URLClassLoader load(String page, String type, Path directory) throws IOException {
        JavaSample sample = in(Markdown.of(page)).stream()
                .filter(one -> one.name().equals(type))
                .findFirst()
                .orElseThrow();
        List<URL> places = new ArrayList<>();
        for (String place : sample.compile(directory).split(File.pathSeparator)) {
            if (place.startsWith(directory.toString())) {
                places.add(Path.of(place).toUri().toURL());
            }
        }
        return new URLClassLoader(places.toArray(URL[]::new), JavaSample.class.getClassLoader());
    }

    private void compile(Path place, String classPath) throws IOException {
        Path file = Files.writeString(place.resolve(name + ".java"), source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            List<String> options =
                    new ArrayList<>(List.of("-d", place.toString(), "--release", "21", "-cp", classPath));
            options.addAll(List.of("-proc:none", "-Werror", "-Xlint:all,-classfile,-options,-path,-processing,-try"));
            boolean compiled = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(file))
                    .call();
            assertThat(compiled).as(block + "\n" + messages).isTrue();
        }
    }

    @Override
    public String toString() {
        return block.toString();
    }
}
