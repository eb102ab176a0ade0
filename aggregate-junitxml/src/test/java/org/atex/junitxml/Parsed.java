package org.atex.junitxml;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** An element of a parsed report, with its attributes, text and child elements. */
record Parsed(Element element) {
    static Parsed read(Path report) {
        try {
            return new Parsed(DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(report.toFile())
                    .getDocumentElement());
        } catch (IOException | SAXException | ParserConfigurationException e) {
            throw new AssertionError("cannot parse " + report, e);
        }
    }

    String name() {
        return element.getTagName();
    }

    String text() {
        return element.getTextContent();
    }

    String attribute(String name) {
        return element.getAttribute(name);
    }

    Map<String, String> attributes() {
        NamedNodeMap nodes = element.getAttributes();
        Map<String, String> attributes = new TreeMap<>();
        IntStream.range(0, nodes.getLength())
                .mapToObj(nodes::item)
                .forEach(node -> attributes.put(node.getNodeName(), node.getNodeValue()));
        return attributes;
    }

    List<Parsed> children() {
        List<Parsed> children = new ArrayList<>();
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                children.add(new Parsed(child));
            }
        }
        return children;
    }

    List<Parsed> children(String name) {
        return children().stream().filter(child -> child.name().equals(name)).toList();
    }

    Parsed child(String name) {
        List<Parsed> children = children(name);
        if (children.size() != 1) {
            throw new AssertionError(children.size() + " " + name + " in " + this);
        }
        return children.getFirst();
    }

    /** {@return the cases of all suites, by name} */
    Map<String, Parsed> cases() {
        Map<String, Parsed> cases = new TreeMap<>();
        List<Parsed> suites = name().equals("testsuite") ? List.of(this) : children("testsuite");
        for (Parsed suite : suites) {
            for (Parsed one : suite.children("testcase")) {
                if (cases.put(one.attribute("name"), one) != null) {
                    throw new AssertionError("twice: " + one);
                }
            }
        }
        return cases;
    }

    /** {@return the case of that name} */
    Parsed oneCase(String name) {
        Parsed one = cases().get(name);
        if (one == null) {
            throw new AssertionError("no case " + name + " but " + cases().keySet());
        }
        return one;
    }

    @Override
    public String toString() {
        return name() + attributes();
    }
}
