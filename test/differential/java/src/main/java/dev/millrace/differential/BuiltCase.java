package dev.millrace.differential;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.streams.Topology;

/**
 * A topology, and how what comes out of it is read: the keys of each output topic and of each store that the case names.
 * What is in {@code lasting} stores is not worth comparing: it stays longer than it must.
 */
record BuiltCase(
    Topology topology, Map<String, Keys> outputs, Map<String, Keys> stores, Set<String> lasting) {}
