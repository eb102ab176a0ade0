package org.atex.libvirt;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor.Version;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** The definition of a domain in the language of libvirt. Not thread-safe. */
final class DomainXml {
    /** The name space of the element in the metadata of a domain that holds its {@link Lease}. */
    static final String METADATA = "https://atex.org/libvirt/1";

    private static final String QEMU = "http://libvirt.org/schemas/domain/qemu/1.0";

    /** The name of the Unix socket of the serial port in the directory of the virtual machine. */
    static final String SERIAL_PORT = "serial";

    /** The name of the recorded disk. */
    private static final String DISK = "ua-atex-disk";

    /** The first libvirt that knows the processor {@code maximum}. */
    private static final Version MAXIMUM_SINCE = Version.parse("7.1.0");

    /** A slot that libvirt, which counts from the lowest one, has not assigned. */
    private static final String NETWORK_SLOT = "0x1c";

    private final Document document;
    private final Element domain;

    private DomainXml(Document document) {
        this.document = document;
        domain = document.getDocumentElement();
    }

    /**
     * {@return the definition of a domain that libvirt printed}
     *
     * @throws IOException if it is not XML
     */
    static DomainXml parse(String text) throws IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            // The host may be another machine: entities could read files of this one.
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return new DomainXml(factory.newDocumentBuilder().parse(new InputSource(new StringReader(text))));
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException("the definition of the domain is not valid XML: " + e.getMessage(), e);
        }
    }

    /** {@return the definition of a domain with the disk or the kernel of a template} */
    static DomainXml of(GuestTemplate template) throws IOException {
        // QEMU records its own random numbers only.
        String random =
                template.recorded ? "<backend model='builtin'/>" : "<backend model='random'>/dev/urandom</backend>";
        DomainXml xml = parse("<domain><os><type>hvm</type></os><features><acpi/></features>"
                + "<devices><controller type='usb' model='none'/><memballoon model='none'/>"
                + "<rng model='virtio'>" + random + "</rng></devices></domain>");
        xml.text(xml.domain, "memory", String.valueOf(template.memory)).setAttribute("unit", "MiB");
        xml.text(xml.domain, "vcpu", String.valueOf(template.recorded ? 1 : template.cpus));
        Element os = xml.child(xml.domain, "os");
        if (template.kernel != null) {
            xml.text(os, "kernel", template.kernel);
            xml.text(os, "initrd", String.valueOf(template.initrd));
            xml.text(os, "cmdline", template.commandLine);
        }
        if (template.image != null) {
            Element disk = xml.add(xml.child(xml.domain, "devices"), "disk");
            disk.setAttribute("type", "file");
            disk.setAttribute("device", "disk");
            xml.add(disk, "source").setAttribute("file", template.image);
            Element target = xml.add(disk, "target");
            target.setAttribute("dev", "vda");
            target.setAttribute("bus", "virtio");
        }
        return xml;
    }

    /**
     * Puts an overlay in the place of each writable disk.
     *
     * @param directory the directory of the overlays
     * @return the files below the overlays: that of {@code disk-0.qcow2}, and so on
     * @throws IOException if a disk is not a file
     */
    List<String> overlays(String directory) throws IOException {
        List<String> bases = new ArrayList<>();
        for (Element disk : children(child(domain, "devices"), "disk")) {
            String device = disk.getAttribute("device");
            if (!device.isEmpty() && !device.equals("disk")) {
                continue;
            }
            String base = child(disk, "source").getAttribute("file");
            if (!disk.getAttribute("type").equals("file") || base.isEmpty()) {
                throw new IOException("its disk " + child(disk, "target").getAttribute("dev")
                        + " is not a file, and has no overlay: use a domain whose disks are files");
            }
            remove(disk, "driver", "source", "backingStore", "serial", "encryption");
            Element driver = add(disk, "driver");
            driver.setAttribute("name", "qemu");
            driver.setAttribute("type", "qcow2");
            // Without an unsafe cache: the mark that proves a reset must be on the disk.
            add(disk, "source").setAttribute("file", directory + "/disk-" + bases.size() + ".qcow2");
            bases.add(base);
        }
        return bases;
    }

    /**
     * Gives the domain UEFI variables of its own: the file {@code nvram} in its directory. Libvirt creates it if it is
     * missing.
     *
     * @param directory the directory
     * @return the file of which it must be a copy, which is missing if the domain was never started; empty if there is none
     * @throws IOException if the variables are not in a file of their own
     */
    String variables(String directory) throws IOException {
        String own = directory + "/nvram";
        Element os = child(domain, "os");
        if (children(os, "loader").stream()
                .anyMatch(loader -> loader.getAttribute("readonly").equals("no"))) {
            throw new IOException("its virtual machines would all write to the file of its firmware: use a domain whose"
                    + " loader is read-only and whose UEFI variables are in an nvram");
        }
        if (children(os, "nvram").isEmpty()) {
            if (hasVariables(os)) {
                text(os, "nvram", own);
            }
            return "";
        }
        Element nvram = child(os, "nvram");
        return switch (nvram.getAttribute("type")) {
            case "" -> {
                String file = nvram.getTextContent().strip();
                nvram.setTextContent(own);
                yield file;
            }
            case "file" -> {
                Element source = child(nvram, "source");
                String file = source.getAttribute("file");
                source.setAttribute("file", own);
                yield file;
            }
            default ->
                throw new IOException("its UEFI variables are not in a file, and cannot be copied: use a domain whose"
                        + " nvram is a file");
        };
    }

    /** {@return whether libvirt would keep the variables of a domain in a file of its choice, which it would not delete} */
    private static boolean hasVariables(Element os) {
        boolean isUefi = os.getAttribute("firmware").equals("efi");
        for (Element loader : children(os, "loader")) {
            if (loader.getAttribute("stateless").equals("yes")) {
                return false;
            }
            isUefi |= loader.getAttribute("type").equals("pflash");
        }
        return isUefi;
    }

    /** {@return the memory in MiB} */
    int memory() {
        // Libvirt prints it in KiB always.
        String kibibytes = child(domain, "memory").getTextContent().strip();
        return kibibytes.matches("\\d{1,12}")
                ? (int) Math.min(Integer.MAX_VALUE / 2, Long.parseLong(kibibytes) / 1024)
                : 0;
    }

    /** {@return whether the domain has the processor of the host, which cannot be emulated} */
    boolean hasHostProcessor() {
        return children(domain, "cpu").stream()
                .anyMatch(cpu -> cpu.getAttribute("mode").equals("host-passthrough"));
    }

    /**
     * Gives the domain all that a processor can do here: the default of libvirt lacks what the programs of newer
     * distributions need.
     *
     * @param type how it is run
     * @param version the version of libvirt, or an empty text if it is unknown
     */
    void processor(DomainType type, String version) {
        remove(domain, "cpu");
        boolean isNew = !version.isEmpty() && Version.parse(version).compareTo(MAXIMUM_SINCE) >= 0;
        if (type == DomainType.KVM) {
            add(domain, "cpu").setAttribute("mode", "host-passthrough");
        } else if (isNew) {
            add(domain, "cpu").setAttribute("mode", "maximum");
        }
        if (isNew) {
            // Otherwise libvirt asks for each of the 400 features at every start, which takes up to half of it.
            qemu(qemu(domain, "capabilities"), "del").setAttribute("capability", "cpu-unavailable-features");
        }
    }

    /** Sets the properties that each system has. */
    void complete(
            String name,
            String uuid,
            String directory,
            GuestTemplate template,
            boolean unixSockets,
            DomainType type,
            Lease lease) {
        domain.setAttribute("type", type.attribute());
        domain.removeAttribute("id");
        remove(domain, "name", "uuid", "genid", "metadata", "seclabel", "on_crash");
        text(domain, "name", name);
        text(domain, "uuid", uuid);
        text(domain, "on_crash", "destroy");
        Element label = document.createElementNS(METADATA, "atex:system");
        label.setAttribute("run", lease.run());
        label.setAttribute("owner", lease.owner());
        label.setAttribute("deadline", lease.deadline());
        add(domain, "metadata").appendChild(label);
        Element devices = child(domain, "devices");
        remove(devices, "interface", "serial", "console");
        Element serial = add(devices, "serial");
        serial.setAttribute("type", "file");
        add(serial, "source").setAttribute("path", directory + "/console.log");
        if (template.connector.usesSerialPort()) {
            port(devices, unixSockets ? directory + "/" + SERIAL_PORT : null);
        }
        List<String> arguments = new ArrayList<>();
        network(template, arguments);
        if (template.recorded) {
            record(name, directory, template, arguments);
        }
        if (!arguments.isEmpty()) {
            Element line = qemu(domain, "commandline");
            arguments.forEach(argument -> qemu(line, "arg").setAttribute("value", argument));
        }
    }

    /** Adds the port for connections: on a Unix socket, or on a free port of the loopback address. */
    private void port(Element devices, @Nullable String socket) {
        Element channel = add(devices, "channel");
        channel.setAttribute("type", socket == null ? "tcp" : "unix");
        Element source = add(channel, "source");
        source.setAttribute("mode", "bind");
        if (socket == null) {
            source.setAttribute("host", "127.0.0.1");
            source.setAttribute("service", "0");
            add(channel, "protocol").setAttribute("type", "raw");
        } else {
            source.setAttribute("path", socket);
        }
        // By it, the channel is found in the answer of the monitor.
        add(channel, "alias").setAttribute("name", "ua-atex-serial");
        Element target = add(channel, "target");
        target.setAttribute("type", "virtio");
        target.setAttribute("name", SerialPort.NAME);
    }

    private void network(GuestTemplate template, List<String> arguments) {
        if (template.network == GuestNetwork.NONE) {
            return;
        }
        // Port 0: the system chooses a free one, which the monitor tells.
        arguments.addAll(List.of(
                "-netdev",
                "user,id=atex" + (template.network == GuestNetwork.ISOLATED ? ",restrict=on" : "")
                        + ",hostfwd=tcp:127.0.0.1:0-:22",
                "-device",
                "virtio-net-pci,netdev=atex,romfile=,bus=" + bus() + ",addr=" + NETWORK_SLOT
                        // Otherwise it sends at moments that are not recorded.
                        + (template.recorded ? ",tx=timer" : "")));
    }

    /** Records everything that comes from outside: clocks, packets, random numbers, and when disks answer. */
    private void record(String name, String directory, GuestTemplate template, List<String> arguments) {
        String log = Recording.log(directory, name).replace(",", ",,");
        // The shift is a compromise: with lower ones a replay takes longer, with higher ones the clock runs ahead
        // faster.
        arguments.addAll(List.of("-icount", "shift=4,rr=record,rrfile=" + log));
        if (template.network != GuestNetwork.NONE) {
            arguments.addAll(List.of("-object", "filter-replay,id=atex-packets,netdev=atex"));
        }
        if (template.image != null) {
            // Libvirt numbers the nodes of disks from 1, and has no element for this driver.
            arguments.addAll(List.of(
                    "-blockdev",
                    "{\"driver\":\"blkreplay\",\"node-name\":\"atex-disk\",\"image\":\"libvirt-1-format\"}"));
            Element disk = children(child(domain, "devices"), "disk").getFirst();
            add(disk, "alias").setAttribute("name", DISK);
            Element device = qemu(qemu(domain, "override"), "device");
            device.setAttribute("alias", DISK);
            Element drive = qemu(qemu(device, "frontend"), "property");
            drive.setAttribute("name", "drive");
            drive.setAttribute("type", "string");
            drive.setAttribute("value", "atex-disk");
        }
    }

    private Element qemu(Element parent, String name) {
        Element element = document.createElementNS(QEMU, "qemu:" + name);
        parent.appendChild(element);
        return element;
    }

    private String bus() {
        Element type = child(child(domain, "os"), "type");
        boolean express = type.getAttribute("machine").contains("q35")
                || type.getAttribute("arch").equals("aarch64");
        return express ? "pcie.0" : "pci.0";
    }

    private Element child(Element parent, String name) {
        List<Element> found = children(parent, name);
        return found.isEmpty() ? add(parent, name) : found.getFirst();
    }

    private static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        NodeList nodes = parent.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i) instanceof Element element && name.equals(element.getLocalName())) {
                found.add(element);
            }
        }
        return found;
    }

    private static void remove(Element parent, String... names) {
        for (String name : names) {
            for (Node node : children(parent, name)) {
                parent.removeChild(node);
            }
        }
    }

    private Element add(Element parent, String name) {
        Element element = document.createElementNS(null, name);
        parent.appendChild(element);
        return element;
    }

    private Element text(Element parent, String name, String text) {
        Element element = add(parent, name);
        element.setTextContent(text);
        return element;
    }

    @Override
    public String toString() {
        try {
            TransformerFactory factory = TransformerFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            Transformer transformer = factory.newTransformer();
            transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
            StringWriter text = new StringWriter();
            transformer.transform(new DOMSource(document), new StreamResult(text));
            return text.toString();
        } catch (TransformerException e) {
            throw new IllegalStateException("could not write the definition of a domain", e);
        }
    }
}
