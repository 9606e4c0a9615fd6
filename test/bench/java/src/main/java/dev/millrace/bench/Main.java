package dev.millrace.bench;

import java.io.FileReader;
import java.io.IOException;
import java.io.Reader;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs one job until it is told to stop. Its argument is a properties file: {@code bench.topology}, {@code bench.input},
 * {@code bench.beside}, {@code bench.outputs} (comma-separated), {@code bench.store} ({@code none}, {@code rocksdb} or
 * {@code memory}), everything else Kafka Streams settings.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Properties settings = new Properties();
    try (Reader file = new FileReader(args[0])) {
      settings.load(file);
    }
    KafkaStreams streams = new KafkaStreams(topology(settings), settings);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    CountDownLatch ended = new CountDownLatch(1);
    streams.setStateListener(
        (now, before) -> {
          if (now.hasCompletedShutdown()) ended.countDown();
        });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    ended.await();
  }

  private static Topology topology(Properties settings) {
    StreamsBuilder builder = new StreamsBuilder(new TopologyConfig(new StreamsConfig(settings)));
    String name = settings.getProperty("bench.topology");
    Topics topics = Topics.from(settings);
    switch (settings.getProperty("bench.store")) {
      case "none" -> Topologies.add(name, builder, topics);
      case "memory" -> StateTopologies.add(name, builder, topics, true);
      default -> StateTopologies.add(name, builder, topics, false);
    }
    return builder.build(settings);
  }
}
