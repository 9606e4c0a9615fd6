package dev.millrace.bench;

import java.util.List;
import java.util.Properties;

/** What a job reads and writes; {@code beside} is empty where it reads one topic. */
record Topics(String input, String beside, List<String> outputs) {
  static Topics from(Properties settings) {
    return new Topics(
        settings.getProperty("bench.input"),
        settings.getProperty("bench.beside"),
        List.of(settings.getProperty("bench.outputs").split(",")));
  }

  String output() {
    return outputs.get(0);
  }
}
