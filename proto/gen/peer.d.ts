import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace windhover. */
export namespace windhover {

    /** Namespace peer. */
    namespace peer {

        /**
         * Properties of a Hello.
         * @deprecated Use windhover.peer.Hello.$Properties instead.
         */
        interface IHello extends windhover.peer.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello clusterId. */
            clusterId: string;

            /** Hello node. */
            node: string;

            /** Hello incarnation. */
            incarnation: string;

            /** Hello protocolVersion. */
            protocolVersion: number;

            /**
             * Creates a new Hello instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Hello instance
             */
            static create(properties: windhover.peer.Hello.$Shape): windhover.peer.Hello & windhover.peer.Hello.$Shape;
            static create(properties?: windhover.peer.Hello.$Properties): windhover.peer.Hello;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link windhover.peer.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Hello & windhover.peer.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Hello & windhover.peer.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello clusterId */
                clusterId?: (string|null);

                /** Hello node */
                node?: (string|null);

                /** Hello incarnation */
                incarnation?: (string|null);

                /** Hello protocolVersion */
                protocolVersion?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = windhover.peer.Hello.$Properties;
        }

        /**
         * Properties of a Heartbeat.
         * @deprecated Use windhover.peer.Heartbeat.$Properties instead.
         */
        interface IHeartbeat extends windhover.peer.Heartbeat.$Properties {
        }

        /** Represents a Heartbeat. */
        class Heartbeat {

            /**
             * Constructs a new Heartbeat.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Heartbeat.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new Heartbeat instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Heartbeat instance
             */
            static create(properties: windhover.peer.Heartbeat.$Shape): windhover.peer.Heartbeat & windhover.peer.Heartbeat.$Shape;
            static create(properties?: windhover.peer.Heartbeat.$Properties): windhover.peer.Heartbeat;

            /**
             * Encodes the specified Heartbeat message. Does not implicitly {@link windhover.peer.Heartbeat.verify|verify} messages.
             * @param message Heartbeat message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Heartbeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Heartbeat message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Heartbeat & windhover.peer.Heartbeat.$Shape} Heartbeat
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Heartbeat & windhover.peer.Heartbeat.$Shape;
        }

        namespace Heartbeat {

            /** Properties of a Heartbeat. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Heartbeat. */
            type $Shape = windhover.peer.Heartbeat.$Properties;
        }

        /**
         * Properties of a FollowerFrame.
         * @deprecated Use windhover.peer.FollowerFrame.$Properties instead.
         */
        interface IFollowerFrame extends windhover.peer.FollowerFrame.$Properties {
        }

        /** Represents a FollowerFrame. */
        class FollowerFrame {

            /**
             * Constructs a new FollowerFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.FollowerFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FollowerFrame heartbeat. */
            heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

            /** FollowerFrame subscribe. */
            subscribe?: (windhover.peer.Subscribe.$Properties|null);

            /** FollowerFrame unsubscribe. */
            unsubscribe?: (windhover.peer.Unsubscribe.$Properties|null);

            /** FollowerFrame acknowledge. */
            acknowledge?: (windhover.peer.Acknowledge.$Properties|null);

            /** FollowerFrame handoverReady. */
            handoverReady?: (windhover.peer.HandoverReady.$Properties|null);

            /** FollowerFrame kind. */
            kind?: ("heartbeat"|"subscribe"|"unsubscribe"|"acknowledge"|"handoverReady");

            /**
             * Creates a new FollowerFrame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns FollowerFrame instance
             */
            static create(properties: windhover.peer.FollowerFrame.$Shape): windhover.peer.FollowerFrame & windhover.peer.FollowerFrame.$Shape;
            static create(properties?: windhover.peer.FollowerFrame.$Properties): windhover.peer.FollowerFrame;

            /**
             * Encodes the specified FollowerFrame message. Does not implicitly {@link windhover.peer.FollowerFrame.verify|verify} messages.
             * @param message FollowerFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.FollowerFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FollowerFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.FollowerFrame & windhover.peer.FollowerFrame.$Shape} FollowerFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.FollowerFrame & windhover.peer.FollowerFrame.$Shape;
        }

        namespace FollowerFrame {

            /** Properties of a FollowerFrame. */
            interface $Properties {

                /** FollowerFrame heartbeat */
                heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

                /** FollowerFrame subscribe */
                subscribe?: (windhover.peer.Subscribe.$Properties|null);

                /** FollowerFrame unsubscribe */
                unsubscribe?: (windhover.peer.Unsubscribe.$Properties|null);

                /** FollowerFrame acknowledge */
                acknowledge?: (windhover.peer.Acknowledge.$Properties|null);

                /** FollowerFrame handoverReady */
                handoverReady?: (windhover.peer.HandoverReady.$Properties|null);

                /** FollowerFrame kind */
                kind?: ("heartbeat"|"subscribe"|"unsubscribe"|"acknowledge"|"handoverReady");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a FollowerFrame. */
            type $Shape = {
              heartbeat?: windhover.peer.Heartbeat.$Shape|null;
              subscribe?: windhover.peer.Subscribe.$Shape|null;
              unsubscribe?: windhover.peer.Unsubscribe.$Shape|null;
              acknowledge?: windhover.peer.Acknowledge.$Shape|null;
              handoverReady?: windhover.peer.HandoverReady.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; heartbeat?: null; subscribe?: null; unsubscribe?: null; acknowledge?: null; handoverReady?: null }|{ kind?: "heartbeat"; heartbeat: windhover.peer.Heartbeat.$Shape; subscribe?: null; unsubscribe?: null; acknowledge?: null; handoverReady?: null }|{ kind?: "subscribe"; heartbeat?: null; subscribe: windhover.peer.Subscribe.$Shape; unsubscribe?: null; acknowledge?: null; handoverReady?: null }|{ kind?: "unsubscribe"; heartbeat?: null; subscribe?: null; unsubscribe: windhover.peer.Unsubscribe.$Shape; acknowledge?: null; handoverReady?: null }|{ kind?: "acknowledge"; heartbeat?: null; subscribe?: null; unsubscribe?: null; acknowledge: windhover.peer.Acknowledge.$Shape; handoverReady?: null }|{ kind?: "handoverReady"; heartbeat?: null; subscribe?: null; unsubscribe?: null; acknowledge?: null; handoverReady: windhover.peer.HandoverReady.$Shape })
            );
        }

        /**
         * Properties of a Subscribe.
         * @deprecated Use windhover.peer.Subscribe.$Properties instead.
         */
        interface ISubscribe extends windhover.peer.Subscribe.$Properties {
        }

        /** Represents a Subscribe. */
        class Subscribe {

            /**
             * Constructs a new Subscribe.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Subscribe.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Subscribe partition. */
            partition: number;

            /** Subscribe epoch. */
            epoch: number;

            /** Subscribe lastSequence. */
            lastSequence: number;

            /** Subscribe lastEpoch. */
            lastEpoch: number;

            /**
             * Creates a new Subscribe instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Subscribe instance
             */
            static create(properties: windhover.peer.Subscribe.$Shape): windhover.peer.Subscribe & windhover.peer.Subscribe.$Shape;
            static create(properties?: windhover.peer.Subscribe.$Properties): windhover.peer.Subscribe;

            /**
             * Encodes the specified Subscribe message. Does not implicitly {@link windhover.peer.Subscribe.verify|verify} messages.
             * @param message Subscribe message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Subscribe.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Subscribe message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Subscribe & windhover.peer.Subscribe.$Shape} Subscribe
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Subscribe & windhover.peer.Subscribe.$Shape;
        }

        namespace Subscribe {

            /** Properties of a Subscribe. */
            interface $Properties {

                /** Subscribe partition */
                partition?: (number|null);

                /** Subscribe epoch */
                epoch?: (number|null);

                /** Subscribe lastSequence */
                lastSequence?: (number|null);

                /** Subscribe lastEpoch */
                lastEpoch?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Subscribe. */
            type $Shape = windhover.peer.Subscribe.$Properties;
        }

        /**
         * Properties of an Unsubscribe.
         * @deprecated Use windhover.peer.Unsubscribe.$Properties instead.
         */
        interface IUnsubscribe extends windhover.peer.Unsubscribe.$Properties {
        }

        /** Represents an Unsubscribe. */
        class Unsubscribe {

            /**
             * Constructs a new Unsubscribe.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Unsubscribe.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Unsubscribe partition. */
            partition: number;

            /**
             * Creates a new Unsubscribe instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Unsubscribe instance
             */
            static create(properties: windhover.peer.Unsubscribe.$Shape): windhover.peer.Unsubscribe & windhover.peer.Unsubscribe.$Shape;
            static create(properties?: windhover.peer.Unsubscribe.$Properties): windhover.peer.Unsubscribe;

            /**
             * Encodes the specified Unsubscribe message. Does not implicitly {@link windhover.peer.Unsubscribe.verify|verify} messages.
             * @param message Unsubscribe message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Unsubscribe.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Unsubscribe message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Unsubscribe & windhover.peer.Unsubscribe.$Shape} Unsubscribe
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Unsubscribe & windhover.peer.Unsubscribe.$Shape;
        }

        namespace Unsubscribe {

            /** Properties of an Unsubscribe. */
            interface $Properties {

                /** Unsubscribe partition */
                partition?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Unsubscribe. */
            type $Shape = windhover.peer.Unsubscribe.$Properties;
        }

        /**
         * Properties of an Acknowledge.
         * @deprecated Use windhover.peer.Acknowledge.$Properties instead.
         */
        interface IAcknowledge extends windhover.peer.Acknowledge.$Properties {
        }

        /** Represents an Acknowledge. */
        class Acknowledge {

            /**
             * Constructs a new Acknowledge.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Acknowledge.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Acknowledge ends. */
            ends: windhover.peer.LogEnd.$Properties[];

            /** Acknowledge durableBytes. */
            durableBytes: number;

            /**
             * Creates a new Acknowledge instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Acknowledge instance
             */
            static create(properties: windhover.peer.Acknowledge.$Shape): windhover.peer.Acknowledge & windhover.peer.Acknowledge.$Shape;
            static create(properties?: windhover.peer.Acknowledge.$Properties): windhover.peer.Acknowledge;

            /**
             * Encodes the specified Acknowledge message. Does not implicitly {@link windhover.peer.Acknowledge.verify|verify} messages.
             * @param message Acknowledge message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Acknowledge.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Acknowledge message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Acknowledge & windhover.peer.Acknowledge.$Shape} Acknowledge
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Acknowledge & windhover.peer.Acknowledge.$Shape;
        }

        namespace Acknowledge {

            /** Properties of an Acknowledge. */
            interface $Properties {

                /** Acknowledge ends */
                ends?: (windhover.peer.LogEnd.$Properties[]|null);

                /** Acknowledge durableBytes */
                durableBytes?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Acknowledge. */
            type $Shape = windhover.peer.Acknowledge.$Properties;
        }

        /**
         * Properties of a LogEnd.
         * @deprecated Use windhover.peer.LogEnd.$Properties instead.
         */
        interface ILogEnd extends windhover.peer.LogEnd.$Properties {
        }

        /** Represents a LogEnd. */
        class LogEnd {

            /**
             * Constructs a new LogEnd.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.LogEnd.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LogEnd partition. */
            partition: number;

            /** LogEnd epoch. */
            epoch: number;

            /** LogEnd sequence. */
            sequence: number;

            /**
             * Creates a new LogEnd instance using the specified properties.
             * @param [properties] Properties to set
             * @returns LogEnd instance
             */
            static create(properties: windhover.peer.LogEnd.$Shape): windhover.peer.LogEnd & windhover.peer.LogEnd.$Shape;
            static create(properties?: windhover.peer.LogEnd.$Properties): windhover.peer.LogEnd;

            /**
             * Encodes the specified LogEnd message. Does not implicitly {@link windhover.peer.LogEnd.verify|verify} messages.
             * @param message LogEnd message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.LogEnd.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LogEnd message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.LogEnd & windhover.peer.LogEnd.$Shape} LogEnd
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.LogEnd & windhover.peer.LogEnd.$Shape;
        }

        namespace LogEnd {

            /** Properties of a LogEnd. */
            interface $Properties {

                /** LogEnd partition */
                partition?: (number|null);

                /** LogEnd epoch */
                epoch?: (number|null);

                /** LogEnd sequence */
                sequence?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LogEnd. */
            type $Shape = windhover.peer.LogEnd.$Properties;
        }

        /**
         * Properties of a HandoverReady.
         * @deprecated Use windhover.peer.HandoverReady.$Properties instead.
         */
        interface IHandoverReady extends windhover.peer.HandoverReady.$Properties {
        }

        /** Represents a HandoverReady. */
        class HandoverReady {

            /**
             * Constructs a new HandoverReady.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.HandoverReady.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HandoverReady partition. */
            partition: number;

            /** HandoverReady epoch. */
            epoch: number;

            /**
             * Creates a new HandoverReady instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HandoverReady instance
             */
            static create(properties: windhover.peer.HandoverReady.$Shape): windhover.peer.HandoverReady & windhover.peer.HandoverReady.$Shape;
            static create(properties?: windhover.peer.HandoverReady.$Properties): windhover.peer.HandoverReady;

            /**
             * Encodes the specified HandoverReady message. Does not implicitly {@link windhover.peer.HandoverReady.verify|verify} messages.
             * @param message HandoverReady message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.HandoverReady.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HandoverReady message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.HandoverReady & windhover.peer.HandoverReady.$Shape} HandoverReady
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.HandoverReady & windhover.peer.HandoverReady.$Shape;
        }

        namespace HandoverReady {

            /** Properties of a HandoverReady. */
            interface $Properties {

                /** HandoverReady partition */
                partition?: (number|null);

                /** HandoverReady epoch */
                epoch?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HandoverReady. */
            type $Shape = windhover.peer.HandoverReady.$Properties;
        }

        /**
         * Properties of a LeaderFrame.
         * @deprecated Use windhover.peer.LeaderFrame.$Properties instead.
         */
        interface ILeaderFrame extends windhover.peer.LeaderFrame.$Properties {
        }

        /** Represents a LeaderFrame. */
        class LeaderFrame {

            /**
             * Constructs a new LeaderFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.LeaderFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LeaderFrame heartbeat. */
            heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

            /** LeaderFrame subscribed. */
            subscribed?: (windhover.peer.Subscribed.$Properties|null);

            /** LeaderFrame refused. */
            refused?: (windhover.peer.Refused.$Properties|null);

            /** LeaderFrame entries. */
            entries?: (Uint8Array|null);

            /** LeaderFrame handover. */
            handover?: (windhover.peer.Handover.$Properties|null);

            /** LeaderFrame mapChanged. */
            mapChanged?: (windhover.peer.MapChanged.$Properties|null);

            /** LeaderFrame kind. */
            kind?: ("heartbeat"|"subscribed"|"refused"|"entries"|"handover"|"mapChanged");

            /**
             * Creates a new LeaderFrame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns LeaderFrame instance
             */
            static create(properties: windhover.peer.LeaderFrame.$Shape): windhover.peer.LeaderFrame & windhover.peer.LeaderFrame.$Shape;
            static create(properties?: windhover.peer.LeaderFrame.$Properties): windhover.peer.LeaderFrame;

            /**
             * Encodes the specified LeaderFrame message. Does not implicitly {@link windhover.peer.LeaderFrame.verify|verify} messages.
             * @param message LeaderFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.LeaderFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LeaderFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.LeaderFrame & windhover.peer.LeaderFrame.$Shape} LeaderFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.LeaderFrame & windhover.peer.LeaderFrame.$Shape;
        }

        namespace LeaderFrame {

            /** Properties of a LeaderFrame. */
            interface $Properties {

                /** LeaderFrame heartbeat */
                heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

                /** LeaderFrame subscribed */
                subscribed?: (windhover.peer.Subscribed.$Properties|null);

                /** LeaderFrame refused */
                refused?: (windhover.peer.Refused.$Properties|null);

                /** LeaderFrame entries */
                entries?: (Uint8Array|null);

                /** LeaderFrame handover */
                handover?: (windhover.peer.Handover.$Properties|null);

                /** LeaderFrame mapChanged */
                mapChanged?: (windhover.peer.MapChanged.$Properties|null);

                /** LeaderFrame kind */
                kind?: ("heartbeat"|"subscribed"|"refused"|"entries"|"handover"|"mapChanged");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a LeaderFrame. */
            type $Shape = {
              heartbeat?: windhover.peer.Heartbeat.$Shape|null;
              subscribed?: windhover.peer.Subscribed.$Shape|null;
              refused?: windhover.peer.Refused.$Shape|null;
              entries?: Uint8Array|null;
              handover?: windhover.peer.Handover.$Shape|null;
              mapChanged?: windhover.peer.MapChanged.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; heartbeat?: null; subscribed?: null; refused?: null; entries?: null; handover?: null; mapChanged?: null }|{ kind?: "heartbeat"; heartbeat: windhover.peer.Heartbeat.$Shape; subscribed?: null; refused?: null; entries?: null; handover?: null; mapChanged?: null }|{ kind?: "subscribed"; heartbeat?: null; subscribed: windhover.peer.Subscribed.$Shape; refused?: null; entries?: null; handover?: null; mapChanged?: null }|{ kind?: "refused"; heartbeat?: null; subscribed?: null; refused: windhover.peer.Refused.$Shape; entries?: null; handover?: null; mapChanged?: null }|{ kind?: "entries"; heartbeat?: null; subscribed?: null; refused?: null; entries: Uint8Array; handover?: null; mapChanged?: null }|{ kind?: "handover"; heartbeat?: null; subscribed?: null; refused?: null; entries?: null; handover: windhover.peer.Handover.$Shape; mapChanged?: null }|{ kind?: "mapChanged"; heartbeat?: null; subscribed?: null; refused?: null; entries?: null; handover?: null; mapChanged: windhover.peer.MapChanged.$Shape })
            );
        }

        /**
         * Properties of a Subscribed.
         * @deprecated Use windhover.peer.Subscribed.$Properties instead.
         */
        interface ISubscribed extends windhover.peer.Subscribed.$Properties {
        }

        /** Represents a Subscribed. */
        class Subscribed {

            /**
             * Constructs a new Subscribed.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Subscribed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Subscribed partition. */
            partition: number;

            /** Subscribed epoch. */
            epoch: number;

            /**
             * Creates a new Subscribed instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Subscribed instance
             */
            static create(properties: windhover.peer.Subscribed.$Shape): windhover.peer.Subscribed & windhover.peer.Subscribed.$Shape;
            static create(properties?: windhover.peer.Subscribed.$Properties): windhover.peer.Subscribed;

            /**
             * Encodes the specified Subscribed message. Does not implicitly {@link windhover.peer.Subscribed.verify|verify} messages.
             * @param message Subscribed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Subscribed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Subscribed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Subscribed & windhover.peer.Subscribed.$Shape} Subscribed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Subscribed & windhover.peer.Subscribed.$Shape;
        }

        namespace Subscribed {

            /** Properties of a Subscribed. */
            interface $Properties {

                /** Subscribed partition */
                partition?: (number|null);

                /** Subscribed epoch */
                epoch?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Subscribed. */
            type $Shape = windhover.peer.Subscribed.$Properties;
        }

        /**
         * Properties of a Refused.
         * @deprecated Use windhover.peer.Refused.$Properties instead.
         */
        interface IRefused extends windhover.peer.Refused.$Properties {
        }

        /** Represents a Refused. */
        class Refused {

            /**
             * Constructs a new Refused.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Refused.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Refused partition. */
            partition: number;

            /** Refused epoch. */
            epoch: number;

            /** Refused why. */
            why: string;

            /**
             * Creates a new Refused instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Refused instance
             */
            static create(properties: windhover.peer.Refused.$Shape): windhover.peer.Refused & windhover.peer.Refused.$Shape;
            static create(properties?: windhover.peer.Refused.$Properties): windhover.peer.Refused;

            /**
             * Encodes the specified Refused message. Does not implicitly {@link windhover.peer.Refused.verify|verify} messages.
             * @param message Refused message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Refused.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Refused message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Refused & windhover.peer.Refused.$Shape} Refused
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Refused & windhover.peer.Refused.$Shape;
        }

        namespace Refused {

            /** Properties of a Refused. */
            interface $Properties {

                /** Refused partition */
                partition?: (number|null);

                /** Refused epoch */
                epoch?: (number|null);

                /** Refused why */
                why?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Refused. */
            type $Shape = windhover.peer.Refused.$Properties;
        }

        /**
         * Properties of a Handover.
         * @deprecated Use windhover.peer.Handover.$Properties instead.
         */
        interface IHandover extends windhover.peer.Handover.$Properties {
        }

        /** Represents a Handover. */
        class Handover {

            /**
             * Constructs a new Handover.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Handover.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Handover partition. */
            partition: number;

            /** Handover epoch. */
            epoch: number;

            /** Handover sequence. */
            sequence: number;

            /** Handover state. */
            state: Uint8Array;

            /**
             * Creates a new Handover instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Handover instance
             */
            static create(properties: windhover.peer.Handover.$Shape): windhover.peer.Handover & windhover.peer.Handover.$Shape;
            static create(properties?: windhover.peer.Handover.$Properties): windhover.peer.Handover;

            /**
             * Encodes the specified Handover message. Does not implicitly {@link windhover.peer.Handover.verify|verify} messages.
             * @param message Handover message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Handover.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Handover message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Handover & windhover.peer.Handover.$Shape} Handover
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Handover & windhover.peer.Handover.$Shape;
        }

        namespace Handover {

            /** Properties of a Handover. */
            interface $Properties {

                /** Handover partition */
                partition?: (number|null);

                /** Handover epoch */
                epoch?: (number|null);

                /** Handover sequence */
                sequence?: (number|null);

                /** Handover state */
                state?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Handover. */
            type $Shape = windhover.peer.Handover.$Properties;
        }

        /**
         * Properties of a MapChanged.
         * @deprecated Use windhover.peer.MapChanged.$Properties instead.
         */
        interface IMapChanged extends windhover.peer.MapChanged.$Properties {
        }

        /** Represents a MapChanged. */
        class MapChanged {

            /**
             * Constructs a new MapChanged.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.MapChanged.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MapChanged key. */
            key: string;

            /** MapChanged value. */
            value: string;

            /** MapChanged version. */
            version: number;

            /**
             * Creates a new MapChanged instance using the specified properties.
             * @param [properties] Properties to set
             * @returns MapChanged instance
             */
            static create(properties: windhover.peer.MapChanged.$Shape): windhover.peer.MapChanged & windhover.peer.MapChanged.$Shape;
            static create(properties?: windhover.peer.MapChanged.$Properties): windhover.peer.MapChanged;

            /**
             * Encodes the specified MapChanged message. Does not implicitly {@link windhover.peer.MapChanged.verify|verify} messages.
             * @param message MapChanged message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.MapChanged.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MapChanged message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.MapChanged & windhover.peer.MapChanged.$Shape} MapChanged
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.MapChanged & windhover.peer.MapChanged.$Shape;
        }

        namespace MapChanged {

            /** Properties of a MapChanged. */
            interface $Properties {

                /** MapChanged key */
                key?: (string|null);

                /** MapChanged value */
                value?: (string|null);

                /** MapChanged version */
                version?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MapChanged. */
            type $Shape = windhover.peer.MapChanged.$Properties;
        }

        /**
         * Properties of a ForwarderFrame.
         * @deprecated Use windhover.peer.ForwarderFrame.$Properties instead.
         */
        interface IForwarderFrame extends windhover.peer.ForwarderFrame.$Properties {
        }

        /** Represents a ForwarderFrame. */
        class ForwarderFrame {

            /**
             * Constructs a new ForwarderFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.ForwarderFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ForwarderFrame heartbeat. */
            heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

            /** ForwarderFrame requests. */
            requests?: (windhover.peer.Requests.$Properties|null);

            /** ForwarderFrame cancel. */
            cancel?: (windhover.peer.Cancel.$Properties|null);

            /** ForwarderFrame kind. */
            kind?: ("heartbeat"|"requests"|"cancel");

            /**
             * Creates a new ForwarderFrame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ForwarderFrame instance
             */
            static create(properties: windhover.peer.ForwarderFrame.$Shape): windhover.peer.ForwarderFrame & windhover.peer.ForwarderFrame.$Shape;
            static create(properties?: windhover.peer.ForwarderFrame.$Properties): windhover.peer.ForwarderFrame;

            /**
             * Encodes the specified ForwarderFrame message. Does not implicitly {@link windhover.peer.ForwarderFrame.verify|verify} messages.
             * @param message ForwarderFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.ForwarderFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ForwarderFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.ForwarderFrame & windhover.peer.ForwarderFrame.$Shape} ForwarderFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.ForwarderFrame & windhover.peer.ForwarderFrame.$Shape;
        }

        namespace ForwarderFrame {

            /** Properties of a ForwarderFrame. */
            interface $Properties {

                /** ForwarderFrame heartbeat */
                heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

                /** ForwarderFrame requests */
                requests?: (windhover.peer.Requests.$Properties|null);

                /** ForwarderFrame cancel */
                cancel?: (windhover.peer.Cancel.$Properties|null);

                /** ForwarderFrame kind */
                kind?: ("heartbeat"|"requests"|"cancel");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a ForwarderFrame. */
            type $Shape = {
              heartbeat?: windhover.peer.Heartbeat.$Shape|null;
              requests?: windhover.peer.Requests.$Shape|null;
              cancel?: windhover.peer.Cancel.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; heartbeat?: null; requests?: null; cancel?: null }|{ kind?: "heartbeat"; heartbeat: windhover.peer.Heartbeat.$Shape; requests?: null; cancel?: null }|{ kind?: "requests"; heartbeat?: null; requests: windhover.peer.Requests.$Shape; cancel?: null }|{ kind?: "cancel"; heartbeat?: null; requests?: null; cancel: windhover.peer.Cancel.$Shape })
            );
        }

        /**
         * Properties of a Requests.
         * @deprecated Use windhover.peer.Requests.$Properties instead.
         */
        interface IRequests extends windhover.peer.Requests.$Properties {
        }

        /** Represents a Requests. */
        class Requests {

            /**
             * Constructs a new Requests.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Requests.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Requests requests. */
            requests: windhover.peer.ForwardedRequest.$Properties[];

            /**
             * Creates a new Requests instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Requests instance
             */
            static create(properties: windhover.peer.Requests.$Shape): windhover.peer.Requests & windhover.peer.Requests.$Shape;
            static create(properties?: windhover.peer.Requests.$Properties): windhover.peer.Requests;

            /**
             * Encodes the specified Requests message. Does not implicitly {@link windhover.peer.Requests.verify|verify} messages.
             * @param message Requests message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Requests.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Requests message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Requests & windhover.peer.Requests.$Shape} Requests
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Requests & windhover.peer.Requests.$Shape;
        }

        namespace Requests {

            /** Properties of a Requests. */
            interface $Properties {

                /** Requests requests */
                requests?: (windhover.peer.ForwardedRequest.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Requests. */
            type $Shape = {
              requests?: windhover.peer.ForwardedRequest.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a ForwardedRequest.
         * @deprecated Use windhover.peer.ForwardedRequest.$Properties instead.
         */
        interface IForwardedRequest extends windhover.peer.ForwardedRequest.$Properties {
        }

        /** Represents a ForwardedRequest. */
        class ForwardedRequest {

            /**
             * Constructs a new ForwardedRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.ForwardedRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ForwardedRequest id. */
            id: number;

            /** ForwardedRequest connection. */
            connection: number;

            /** ForwardedRequest queue. */
            queue: Uint8Array;

            /** ForwardedRequest set. */
            set?: (windhover.peer.Set.$Properties|null);

            /** ForwardedRequest get. */
            get?: (windhover.peer.Get.$Properties|null);

            /** ForwardedRequest delivered. */
            delivered?: (windhover.peer.Delivered.$Properties|null);

            /** ForwardedRequest delete. */
            delete?: (windhover.peer.Delete.$Properties|null);

            /** ForwardedRequest flush. */
            flush?: (windhover.peer.Flush.$Properties|null);

            /** ForwardedRequest release. */
            release?: (windhover.peer.Release.$Properties|null);

            /** ForwardedRequest flushExpired. */
            flushExpired?: (windhover.peer.FlushExpired.$Properties|null);

            /** ForwardedRequest settle. */
            settle?: (windhover.peer.Settle.$Properties|null);

            /** ForwardedRequest askStatistics. */
            askStatistics?: (windhover.peer.AskStatistics.$Properties|null);

            /** ForwardedRequest operation. */
            operation?: ("set"|"get"|"delivered"|"delete"|"flush"|"release"|"flushExpired"|"settle"|"askStatistics");

            /**
             * Creates a new ForwardedRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ForwardedRequest instance
             */
            static create(properties: windhover.peer.ForwardedRequest.$Shape): windhover.peer.ForwardedRequest & windhover.peer.ForwardedRequest.$Shape;
            static create(properties?: windhover.peer.ForwardedRequest.$Properties): windhover.peer.ForwardedRequest;

            /**
             * Encodes the specified ForwardedRequest message. Does not implicitly {@link windhover.peer.ForwardedRequest.verify|verify} messages.
             * @param message ForwardedRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.ForwardedRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ForwardedRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.ForwardedRequest & windhover.peer.ForwardedRequest.$Shape} ForwardedRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.ForwardedRequest & windhover.peer.ForwardedRequest.$Shape;
        }

        namespace ForwardedRequest {

            /** Properties of a ForwardedRequest. */
            interface $Properties {

                /** ForwardedRequest id */
                id?: (number|null);

                /** ForwardedRequest connection */
                connection?: (number|null);

                /** ForwardedRequest queue */
                queue?: (Uint8Array|null);

                /** ForwardedRequest set */
                set?: (windhover.peer.Set.$Properties|null);

                /** ForwardedRequest get */
                get?: (windhover.peer.Get.$Properties|null);

                /** ForwardedRequest delivered */
                delivered?: (windhover.peer.Delivered.$Properties|null);

                /** ForwardedRequest delete */
                "delete"?: (windhover.peer.Delete.$Properties|null);

                /** ForwardedRequest flush */
                flush?: (windhover.peer.Flush.$Properties|null);

                /** ForwardedRequest release */
                release?: (windhover.peer.Release.$Properties|null);

                /** ForwardedRequest flushExpired */
                flushExpired?: (windhover.peer.FlushExpired.$Properties|null);

                /** ForwardedRequest settle */
                settle?: (windhover.peer.Settle.$Properties|null);

                /** ForwardedRequest askStatistics */
                askStatistics?: (windhover.peer.AskStatistics.$Properties|null);

                /** ForwardedRequest operation */
                operation?: ("set"|"get"|"delivered"|"delete"|"flush"|"release"|"flushExpired"|"settle"|"askStatistics");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a ForwardedRequest. */
            type $Shape = {
              id?: number|null;
              connection?: number|null;
              queue?: Uint8Array|null;
              set?: windhover.peer.Set.$Shape|null;
              get?: windhover.peer.Get.$Shape|null;
              delivered?: windhover.peer.Delivered.$Shape|null;
              "delete"?: windhover.peer.Delete.$Shape|null;
              flush?: windhover.peer.Flush.$Shape|null;
              release?: windhover.peer.Release.$Shape|null;
              flushExpired?: windhover.peer.FlushExpired.$Shape|null;
              settle?: windhover.peer.Settle.$Shape|null;
              askStatistics?: windhover.peer.AskStatistics.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ operation?: undefined; set?: null; get?: null; delivered?: null; "delete"?: null; flush?: null; release?: null; flushExpired?: null; settle?: null; askStatistics?: null }|{ operation?: "set"; set: windhover.peer.Set.$Shape; get?: null; delivered?: null; "delete"?: null; flush?: null; release?: null; flushExpired?: null; settle?: null; askStatistics?: null }|{ operation?: "get"; set?: null; get: windhover.peer.Get.$Shape; delivered?: null; "delete"?: null; flush?: null; release?: null; flushExpired?: null; settle?: null; askStatistics?: null }|{ operation?: "delivered"; set?: null; get?: null; delivered: windhover.peer.Delivered.$Shape; "delete"?: null; flush?: null; release?: null; flushExpired?: null; settle?: null; askStatistics?: null }|{ operation?: "delete"; set?: null; get?: null; delivered?: null; "delete": windhover.peer.Delete.$Shape; flush?: null; release?: null; flushExpired?: null; settle?: null; askStatistics?: null }|{ operation?: "flush"; set?: null; get?: null; delivered?: null; "delete"?: null; flush: windhover.peer.Flush.$Shape; release?: null; flushExpired?: null; settle?: null; askStatistics?: null }|{ operation?: "release"; set?: null; get?: null; delivered?: null; "delete"?: null; flush?: null; release: windhover.peer.Release.$Shape; flushExpired?: null; settle?: null; askStatistics?: null }|{ operation?: "flushExpired"; set?: null; get?: null; delivered?: null; "delete"?: null; flush?: null; release?: null; flushExpired: windhover.peer.FlushExpired.$Shape; settle?: null; askStatistics?: null }|{ operation?: "settle"; set?: null; get?: null; delivered?: null; "delete"?: null; flush?: null; release?: null; flushExpired?: null; settle: windhover.peer.Settle.$Shape; askStatistics?: null }|{ operation?: "askStatistics"; set?: null; get?: null; delivered?: null; "delete"?: null; flush?: null; release?: null; flushExpired?: null; settle?: null; askStatistics: windhover.peer.AskStatistics.$Shape })
            );
        }

        /**
         * Properties of a Set.
         * @deprecated Use windhover.peer.Set.$Properties instead.
         */
        interface ISet extends windhover.peer.Set.$Properties {
        }

        /** Represents a Set. */
        class Set {

            /**
             * Constructs a new Set.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Set.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Set flags. */
            flags: number;

            /** Set expiresAtMs. */
            expiresAtMs: number;

            /** Set data. */
            data: Uint8Array;

            /** Set delayMs. */
            delayMs: number;

            /** Set token. */
            token: Uint8Array;

            /** Set origin. */
            origin?: (windhover.peer.Origin.$Properties|null);

            /** Set addedAtMs. */
            addedAtMs: number;

            /**
             * Creates a new Set instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Set instance
             */
            static create(properties: windhover.peer.Set.$Shape): windhover.peer.Set & windhover.peer.Set.$Shape;
            static create(properties?: windhover.peer.Set.$Properties): windhover.peer.Set;

            /**
             * Encodes the specified Set message. Does not implicitly {@link windhover.peer.Set.verify|verify} messages.
             * @param message Set message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Set.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Set message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Set & windhover.peer.Set.$Shape} Set
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Set & windhover.peer.Set.$Shape;
        }

        namespace Set {

            /** Properties of a Set. */
            interface $Properties {

                /** Set flags */
                flags?: (number|null);

                /** Set expiresAtMs */
                expiresAtMs?: (number|null);

                /** Set data */
                data?: (Uint8Array|null);

                /** Set delayMs */
                delayMs?: (number|null);

                /** Set token */
                token?: (Uint8Array|null);

                /** Set origin */
                origin?: (windhover.peer.Origin.$Properties|null);

                /** Set addedAtMs */
                addedAtMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Set. */
            type $Shape = windhover.peer.Set.$Properties;
        }

        /**
         * Properties of an Origin.
         * @deprecated Use windhover.peer.Origin.$Properties instead.
         */
        interface IOrigin extends windhover.peer.Origin.$Properties {
        }

        /** Represents an Origin. */
        class Origin {

            /**
             * Constructs a new Origin.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Origin.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Origin queue. */
            queue: Uint8Array;

            /** Origin reason. */
            reason: windhover.peer.Origin.Reason;

            /** Origin deliveries. */
            deliveries: number;

            /**
             * Creates a new Origin instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Origin instance
             */
            static create(properties: windhover.peer.Origin.$Shape): windhover.peer.Origin & windhover.peer.Origin.$Shape;
            static create(properties?: windhover.peer.Origin.$Properties): windhover.peer.Origin;

            /**
             * Encodes the specified Origin message. Does not implicitly {@link windhover.peer.Origin.verify|verify} messages.
             * @param message Origin message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Origin.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Origin message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Origin & windhover.peer.Origin.$Shape} Origin
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Origin & windhover.peer.Origin.$Shape;
        }

        namespace Origin {

            /** Properties of an Origin. */
            interface $Properties {

                /** Origin queue */
                queue?: (Uint8Array|null);

                /** Origin reason */
                reason?: (windhover.peer.Origin.Reason|null);

                /** Origin deliveries */
                deliveries?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Origin. */
            type $Shape = windhover.peer.Origin.$Properties;

            /** Reason enum. */
            enum Reason {

                /** EXPIRED value */
                EXPIRED = 0,

                /** UNDELIVERED value */
                UNDELIVERED = 1
            }
        }

        /**
         * Properties of a Get.
         * @deprecated Use windhover.peer.Get.$Properties instead.
         */
        interface IGet extends windhover.peer.Get.$Properties {
        }

        /** Represents a Get. */
        class Get {

            /**
             * Constructs a new Get.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Get.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Get settle. */
            settle: windhover.peer.Get.Settle;

            /** Get read. */
            read: windhover.peer.Get.Read;

            /** Get waitMs. */
            waitMs: number;

            /** Get settleId. */
            settleId?: (number|null);

            /** Get attempt. */
            attempt?: (number|null);

            /** Get again. */
            again: boolean;

            /** Get leaseMs. */
            leaseMs: number;

            /** Get delayMs. */
            delayMs: number;

            /**
             * Creates a new Get instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Get instance
             */
            static create(properties: windhover.peer.Get.$Shape): windhover.peer.Get & windhover.peer.Get.$Shape;
            static create(properties?: windhover.peer.Get.$Properties): windhover.peer.Get;

            /**
             * Encodes the specified Get message. Does not implicitly {@link windhover.peer.Get.verify|verify} messages.
             * @param message Get message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Get.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Get message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Get & windhover.peer.Get.$Shape} Get
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Get & windhover.peer.Get.$Shape;
        }

        namespace Get {

            /** Properties of a Get. */
            interface $Properties {

                /** Get settle */
                settle?: (windhover.peer.Get.Settle|null);

                /** Get read */
                read?: (windhover.peer.Get.Read|null);

                /** Get waitMs */
                waitMs?: (number|null);

                /** Get settleId */
                settleId?: (number|null);

                /** Get attempt */
                attempt?: (number|null);

                /** Get again */
                again?: (boolean|null);

                /** Get leaseMs */
                leaseMs?: (number|null);

                /** Get delayMs */
                delayMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Get. */
            type $Shape = windhover.peer.Get.$Properties;

            /** Settle enum. */
            enum Settle {

                /** NONE value */
                NONE = 0,

                /** CLOSE value */
                CLOSE = 1,

                /** ABORT value */
                ABORT = 2
            }

            /** Read enum. */
            enum Read {

                /** TAKE value */
                TAKE = 0,

                /** RESERVE value */
                RESERVE = 1,

                /** PEEK value */
                PEEK = 2,

                /** NOTHING value */
                NOTHING = 3
            }
        }

        /**
         * Properties of a Settle.
         * @deprecated Use windhover.peer.Settle.$Properties instead.
         */
        interface ISettle extends windhover.peer.Settle.$Properties {
        }

        /** Represents a Settle. */
        class Settle {

            /**
             * Constructs a new Settle.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Settle.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Settle id. */
            id: number;

            /** Settle how. */
            how: windhover.peer.Get.Settle;

            /** Settle delayMs. */
            delayMs: number;

            /** Settle attempt. */
            attempt?: (number|null);

            /** Settle again. */
            again: boolean;

            /**
             * Creates a new Settle instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Settle instance
             */
            static create(properties: windhover.peer.Settle.$Shape): windhover.peer.Settle & windhover.peer.Settle.$Shape;
            static create(properties?: windhover.peer.Settle.$Properties): windhover.peer.Settle;

            /**
             * Encodes the specified Settle message. Does not implicitly {@link windhover.peer.Settle.verify|verify} messages.
             * @param message Settle message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Settle.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Settle message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Settle & windhover.peer.Settle.$Shape} Settle
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Settle & windhover.peer.Settle.$Shape;
        }

        namespace Settle {

            /** Properties of a Settle. */
            interface $Properties {

                /** Settle id */
                id?: (number|null);

                /** Settle how */
                how?: (windhover.peer.Get.Settle|null);

                /** Settle delayMs */
                delayMs?: (number|null);

                /** Settle attempt */
                attempt?: (number|null);

                /** Settle again */
                again?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Settle. */
            type $Shape = windhover.peer.Settle.$Properties;
        }

        /**
         * Properties of a Delivered.
         * @deprecated Use windhover.peer.Delivered.$Properties instead.
         */
        interface IDelivered extends windhover.peer.Delivered.$Properties {
        }

        /** Represents a Delivered. */
        class Delivered {

            /**
             * Constructs a new Delivered.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Delivered.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Delivered id. */
            id: number;

            /** Delivered leased. */
            leased: boolean;

            /**
             * Creates a new Delivered instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Delivered instance
             */
            static create(properties: windhover.peer.Delivered.$Shape): windhover.peer.Delivered & windhover.peer.Delivered.$Shape;
            static create(properties?: windhover.peer.Delivered.$Properties): windhover.peer.Delivered;

            /**
             * Encodes the specified Delivered message. Does not implicitly {@link windhover.peer.Delivered.verify|verify} messages.
             * @param message Delivered message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Delivered.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Delivered message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Delivered & windhover.peer.Delivered.$Shape} Delivered
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Delivered & windhover.peer.Delivered.$Shape;
        }

        namespace Delivered {

            /** Properties of a Delivered. */
            interface $Properties {

                /** Delivered id */
                id?: (number|null);

                /** Delivered leased */
                leased?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Delivered. */
            type $Shape = windhover.peer.Delivered.$Properties;
        }

        /**
         * Properties of a Delete.
         * @deprecated Use windhover.peer.Delete.$Properties instead.
         */
        interface IDelete extends windhover.peer.Delete.$Properties {
        }

        /** Represents a Delete. */
        class Delete {

            /**
             * Constructs a new Delete.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Delete.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new Delete instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Delete instance
             */
            static create(properties: windhover.peer.Delete.$Shape): windhover.peer.Delete & windhover.peer.Delete.$Shape;
            static create(properties?: windhover.peer.Delete.$Properties): windhover.peer.Delete;

            /**
             * Encodes the specified Delete message. Does not implicitly {@link windhover.peer.Delete.verify|verify} messages.
             * @param message Delete message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Delete.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Delete message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Delete & windhover.peer.Delete.$Shape} Delete
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Delete & windhover.peer.Delete.$Shape;
        }

        namespace Delete {

            /** Properties of a Delete. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Delete. */
            type $Shape = windhover.peer.Delete.$Properties;
        }

        /**
         * Properties of a Flush.
         * @deprecated Use windhover.peer.Flush.$Properties instead.
         */
        interface IFlush extends windhover.peer.Flush.$Properties {
        }

        /** Represents a Flush. */
        class Flush {

            /**
             * Constructs a new Flush.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Flush.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new Flush instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Flush instance
             */
            static create(properties: windhover.peer.Flush.$Shape): windhover.peer.Flush & windhover.peer.Flush.$Shape;
            static create(properties?: windhover.peer.Flush.$Properties): windhover.peer.Flush;

            /**
             * Encodes the specified Flush message. Does not implicitly {@link windhover.peer.Flush.verify|verify} messages.
             * @param message Flush message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Flush.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Flush message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Flush & windhover.peer.Flush.$Shape} Flush
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Flush & windhover.peer.Flush.$Shape;
        }

        namespace Flush {

            /** Properties of a Flush. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Flush. */
            type $Shape = windhover.peer.Flush.$Properties;
        }

        /**
         * Properties of a FlushExpired.
         * @deprecated Use windhover.peer.FlushExpired.$Properties instead.
         */
        interface IFlushExpired extends windhover.peer.FlushExpired.$Properties {
        }

        /** Represents a FlushExpired. */
        class FlushExpired {

            /**
             * Constructs a new FlushExpired.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.FlushExpired.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new FlushExpired instance using the specified properties.
             * @param [properties] Properties to set
             * @returns FlushExpired instance
             */
            static create(properties: windhover.peer.FlushExpired.$Shape): windhover.peer.FlushExpired & windhover.peer.FlushExpired.$Shape;
            static create(properties?: windhover.peer.FlushExpired.$Properties): windhover.peer.FlushExpired;

            /**
             * Encodes the specified FlushExpired message. Does not implicitly {@link windhover.peer.FlushExpired.verify|verify} messages.
             * @param message FlushExpired message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.FlushExpired.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FlushExpired message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.FlushExpired & windhover.peer.FlushExpired.$Shape} FlushExpired
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.FlushExpired & windhover.peer.FlushExpired.$Shape;
        }

        namespace FlushExpired {

            /** Properties of a FlushExpired. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FlushExpired. */
            type $Shape = windhover.peer.FlushExpired.$Properties;
        }

        /**
         * Properties of an AskStatistics.
         * @deprecated Use windhover.peer.AskStatistics.$Properties instead.
         */
        interface IAskStatistics extends windhover.peer.AskStatistics.$Properties {
        }

        /** Represents an AskStatistics. */
        class AskStatistics {

            /**
             * Constructs a new AskStatistics.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.AskStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new AskStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns AskStatistics instance
             */
            static create(properties: windhover.peer.AskStatistics.$Shape): windhover.peer.AskStatistics & windhover.peer.AskStatistics.$Shape;
            static create(properties?: windhover.peer.AskStatistics.$Properties): windhover.peer.AskStatistics;

            /**
             * Encodes the specified AskStatistics message. Does not implicitly {@link windhover.peer.AskStatistics.verify|verify} messages.
             * @param message AskStatistics message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.AskStatistics.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AskStatistics message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.AskStatistics & windhover.peer.AskStatistics.$Shape} AskStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.AskStatistics & windhover.peer.AskStatistics.$Shape;
        }

        namespace AskStatistics {

            /** Properties of an AskStatistics. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AskStatistics. */
            type $Shape = windhover.peer.AskStatistics.$Properties;
        }

        /**
         * Properties of a Release.
         * @deprecated Use windhover.peer.Release.$Properties instead.
         */
        interface IRelease extends windhover.peer.Release.$Properties {
        }

        /** Represents a Release. */
        class Release {

            /**
             * Constructs a new Release.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Release.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new Release instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Release instance
             */
            static create(properties: windhover.peer.Release.$Shape): windhover.peer.Release & windhover.peer.Release.$Shape;
            static create(properties?: windhover.peer.Release.$Properties): windhover.peer.Release;

            /**
             * Encodes the specified Release message. Does not implicitly {@link windhover.peer.Release.verify|verify} messages.
             * @param message Release message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Release.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Release message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Release & windhover.peer.Release.$Shape} Release
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Release & windhover.peer.Release.$Shape;
        }

        namespace Release {

            /** Properties of a Release. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Release. */
            type $Shape = windhover.peer.Release.$Properties;
        }

        /**
         * Properties of a Cancel.
         * @deprecated Use windhover.peer.Cancel.$Properties instead.
         */
        interface ICancel extends windhover.peer.Cancel.$Properties {
        }

        /** Represents a Cancel. */
        class Cancel {

            /**
             * Constructs a new Cancel.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Cancel.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Cancel ids. */
            ids: number[];

            /**
             * Creates a new Cancel instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Cancel instance
             */
            static create(properties: windhover.peer.Cancel.$Shape): windhover.peer.Cancel & windhover.peer.Cancel.$Shape;
            static create(properties?: windhover.peer.Cancel.$Properties): windhover.peer.Cancel;

            /**
             * Encodes the specified Cancel message. Does not implicitly {@link windhover.peer.Cancel.verify|verify} messages.
             * @param message Cancel message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Cancel.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Cancel message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Cancel & windhover.peer.Cancel.$Shape} Cancel
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Cancel & windhover.peer.Cancel.$Shape;
        }

        namespace Cancel {

            /** Properties of a Cancel. */
            interface $Properties {

                /** Cancel ids */
                ids?: (number[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Cancel. */
            type $Shape = windhover.peer.Cancel.$Properties;
        }

        /**
         * Properties of a ForwardReplyFrame.
         * @deprecated Use windhover.peer.ForwardReplyFrame.$Properties instead.
         */
        interface IForwardReplyFrame extends windhover.peer.ForwardReplyFrame.$Properties {
        }

        /** Represents a ForwardReplyFrame. */
        class ForwardReplyFrame {

            /**
             * Constructs a new ForwardReplyFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.ForwardReplyFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ForwardReplyFrame heartbeat. */
            heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

            /** ForwardReplyFrame responses. */
            responses?: (windhover.peer.Responses.$Properties|null);

            /** ForwardReplyFrame kind. */
            kind?: ("heartbeat"|"responses");

            /**
             * Creates a new ForwardReplyFrame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ForwardReplyFrame instance
             */
            static create(properties: windhover.peer.ForwardReplyFrame.$Shape): windhover.peer.ForwardReplyFrame & windhover.peer.ForwardReplyFrame.$Shape;
            static create(properties?: windhover.peer.ForwardReplyFrame.$Properties): windhover.peer.ForwardReplyFrame;

            /**
             * Encodes the specified ForwardReplyFrame message. Does not implicitly {@link windhover.peer.ForwardReplyFrame.verify|verify} messages.
             * @param message ForwardReplyFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.ForwardReplyFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ForwardReplyFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.ForwardReplyFrame & windhover.peer.ForwardReplyFrame.$Shape} ForwardReplyFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.ForwardReplyFrame & windhover.peer.ForwardReplyFrame.$Shape;
        }

        namespace ForwardReplyFrame {

            /** Properties of a ForwardReplyFrame. */
            interface $Properties {

                /** ForwardReplyFrame heartbeat */
                heartbeat?: (windhover.peer.Heartbeat.$Properties|null);

                /** ForwardReplyFrame responses */
                responses?: (windhover.peer.Responses.$Properties|null);

                /** ForwardReplyFrame kind */
                kind?: ("heartbeat"|"responses");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a ForwardReplyFrame. */
            type $Shape = {
              heartbeat?: windhover.peer.Heartbeat.$Shape|null;
              responses?: windhover.peer.Responses.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; heartbeat?: null; responses?: null }|{ kind?: "heartbeat"; heartbeat: windhover.peer.Heartbeat.$Shape; responses?: null }|{ kind?: "responses"; heartbeat?: null; responses: windhover.peer.Responses.$Shape })
            );
        }

        /**
         * Properties of a Responses.
         * @deprecated Use windhover.peer.Responses.$Properties instead.
         */
        interface IResponses extends windhover.peer.Responses.$Properties {
        }

        /** Represents a Responses. */
        class Responses {

            /**
             * Constructs a new Responses.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Responses.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Responses responses. */
            responses: windhover.peer.ForwardedResponse.$Properties[];

            /**
             * Creates a new Responses instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Responses instance
             */
            static create(properties: windhover.peer.Responses.$Shape): windhover.peer.Responses & windhover.peer.Responses.$Shape;
            static create(properties?: windhover.peer.Responses.$Properties): windhover.peer.Responses;

            /**
             * Encodes the specified Responses message. Does not implicitly {@link windhover.peer.Responses.verify|verify} messages.
             * @param message Responses message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Responses.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Responses message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Responses & windhover.peer.Responses.$Shape} Responses
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Responses & windhover.peer.Responses.$Shape;
        }

        namespace Responses {

            /** Properties of a Responses. */
            interface $Properties {

                /** Responses responses */
                responses?: (windhover.peer.ForwardedResponse.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Responses. */
            type $Shape = {
              responses?: windhover.peer.ForwardedResponse.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a ForwardedResponse.
         * @deprecated Use windhover.peer.ForwardedResponse.$Properties instead.
         */
        interface IForwardedResponse extends windhover.peer.ForwardedResponse.$Properties {
        }

        /** Represents a ForwardedResponse. */
        class ForwardedResponse {

            /**
             * Constructs a new ForwardedResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.ForwardedResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ForwardedResponse id. */
            id: number;

            /** ForwardedResponse item. */
            item?: (windhover.peer.Item.$Properties|null);

            /** ForwardedResponse outcome. */
            outcome?: (windhover.peer.Outcome|null);

            /** ForwardedResponse failed. */
            failed?: (string|null);

            /** ForwardedResponse violation. */
            violation?: (string|null);

            /** ForwardedResponse expired. */
            expired?: (number|null);

            /** ForwardedResponse statistics. */
            statistics?: (windhover.peer.Statistics.$Properties|null);

            /** ForwardedResponse result. */
            result?: ("item"|"outcome"|"failed"|"violation"|"expired"|"statistics");

            /**
             * Creates a new ForwardedResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ForwardedResponse instance
             */
            static create(properties: windhover.peer.ForwardedResponse.$Shape): windhover.peer.ForwardedResponse & windhover.peer.ForwardedResponse.$Shape;
            static create(properties?: windhover.peer.ForwardedResponse.$Properties): windhover.peer.ForwardedResponse;

            /**
             * Encodes the specified ForwardedResponse message. Does not implicitly {@link windhover.peer.ForwardedResponse.verify|verify} messages.
             * @param message ForwardedResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.ForwardedResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ForwardedResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.ForwardedResponse & windhover.peer.ForwardedResponse.$Shape} ForwardedResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.ForwardedResponse & windhover.peer.ForwardedResponse.$Shape;
        }

        namespace ForwardedResponse {

            /** Properties of a ForwardedResponse. */
            interface $Properties {

                /** ForwardedResponse id */
                id?: (number|null);

                /** ForwardedResponse item */
                item?: (windhover.peer.Item.$Properties|null);

                /** ForwardedResponse outcome */
                outcome?: (windhover.peer.Outcome|null);

                /** ForwardedResponse failed */
                failed?: (string|null);

                /** ForwardedResponse violation */
                violation?: (string|null);

                /** ForwardedResponse expired */
                expired?: (number|null);

                /** ForwardedResponse statistics */
                statistics?: (windhover.peer.Statistics.$Properties|null);

                /** ForwardedResponse result */
                result?: ("item"|"outcome"|"failed"|"violation"|"expired"|"statistics");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a ForwardedResponse. */
            type $Shape = {
              id?: number|null;
              item?: windhover.peer.Item.$Shape|null;
              outcome?: windhover.peer.Outcome|null;
              failed?: string|null;
              violation?: string|null;
              expired?: number|null;
              statistics?: windhover.peer.Statistics.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ result?: undefined; item?: null; outcome?: null; failed?: null; violation?: null; expired?: null; statistics?: null }|{ result?: "item"; item: windhover.peer.Item.$Shape; outcome?: null; failed?: null; violation?: null; expired?: null; statistics?: null }|{ result?: "outcome"; item?: null; outcome: windhover.peer.Outcome; failed?: null; violation?: null; expired?: null; statistics?: null }|{ result?: "failed"; item?: null; outcome?: null; failed: string; violation?: null; expired?: null; statistics?: null }|{ result?: "violation"; item?: null; outcome?: null; failed?: null; violation: string; expired?: null; statistics?: null }|{ result?: "expired"; item?: null; outcome?: null; failed?: null; violation?: null; expired: number; statistics?: null }|{ result?: "statistics"; item?: null; outcome?: null; failed?: null; violation?: null; expired?: null; statistics: windhover.peer.Statistics.$Shape })
            );
        }

        /**
         * Properties of a Statistics.
         * @deprecated Use windhover.peer.Statistics.$Properties instead.
         */
        interface IStatistics extends windhover.peer.Statistics.$Properties {
        }

        /** Represents a Statistics. */
        class Statistics {

            /**
             * Constructs a new Statistics.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Statistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Statistics entries. */
            entries: windhover.peer.Statistic.$Properties[];

            /**
             * Creates a new Statistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Statistics instance
             */
            static create(properties: windhover.peer.Statistics.$Shape): windhover.peer.Statistics & windhover.peer.Statistics.$Shape;
            static create(properties?: windhover.peer.Statistics.$Properties): windhover.peer.Statistics;

            /**
             * Encodes the specified Statistics message. Does not implicitly {@link windhover.peer.Statistics.verify|verify} messages.
             * @param message Statistics message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Statistics.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Statistics message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Statistics & windhover.peer.Statistics.$Shape} Statistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Statistics & windhover.peer.Statistics.$Shape;
        }

        namespace Statistics {

            /** Properties of a Statistics. */
            interface $Properties {

                /** Statistics entries */
                entries?: (windhover.peer.Statistic.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Statistics. */
            type $Shape = windhover.peer.Statistics.$Properties;
        }

        /**
         * Properties of a Statistic.
         * @deprecated Use windhover.peer.Statistic.$Properties instead.
         */
        interface IStatistic extends windhover.peer.Statistic.$Properties {
        }

        /** Represents a Statistic. */
        class Statistic {

            /**
             * Constructs a new Statistic.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Statistic.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Statistic name. */
            name: Uint8Array;

            /** Statistic value. */
            value: Uint8Array;

            /**
             * Creates a new Statistic instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Statistic instance
             */
            static create(properties: windhover.peer.Statistic.$Shape): windhover.peer.Statistic & windhover.peer.Statistic.$Shape;
            static create(properties?: windhover.peer.Statistic.$Properties): windhover.peer.Statistic;

            /**
             * Encodes the specified Statistic message. Does not implicitly {@link windhover.peer.Statistic.verify|verify} messages.
             * @param message Statistic message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Statistic.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Statistic message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Statistic & windhover.peer.Statistic.$Shape} Statistic
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Statistic & windhover.peer.Statistic.$Shape;
        }

        namespace Statistic {

            /** Properties of a Statistic. */
            interface $Properties {

                /** Statistic name */
                name?: (Uint8Array|null);

                /** Statistic value */
                value?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Statistic. */
            type $Shape = windhover.peer.Statistic.$Properties;
        }

        /**
         * Properties of an Item.
         * @deprecated Use windhover.peer.Item.$Properties instead.
         */
        interface IItem extends windhover.peer.Item.$Properties {
        }

        /** Represents an Item. */
        class Item {

            /**
             * Constructs a new Item.
             * @param [properties] Properties to set
             */
            constructor(properties?: windhover.peer.Item.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Item id. */
            id: number;

            /** Item flags. */
            flags: number;

            /** Item data. */
            data: Uint8Array;

            /** Item lifeMs. */
            lifeMs: number;

            /** Item origin. */
            origin?: (windhover.peer.Origin.$Properties|null);

            /**
             * Creates a new Item instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Item instance
             */
            static create(properties: windhover.peer.Item.$Shape): windhover.peer.Item & windhover.peer.Item.$Shape;
            static create(properties?: windhover.peer.Item.$Properties): windhover.peer.Item;

            /**
             * Encodes the specified Item message. Does not implicitly {@link windhover.peer.Item.verify|verify} messages.
             * @param message Item message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: windhover.peer.Item.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Item message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {windhover.peer.Item & windhover.peer.Item.$Shape} Item
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): windhover.peer.Item & windhover.peer.Item.$Shape;
        }

        namespace Item {

            /** Properties of an Item. */
            interface $Properties {

                /** Item id */
                id?: (number|null);

                /** Item flags */
                flags?: (number|null);

                /** Item data */
                data?: (Uint8Array|null);

                /** Item lifeMs */
                lifeMs?: (number|null);

                /** Item origin */
                origin?: (windhover.peer.Origin.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Item. */
            type $Shape = windhover.peer.Item.$Properties;
        }

        /** Outcome enum. */
        enum Outcome {

            /** UNKNOWN value */
            UNKNOWN = 0,

            /** STORED value */
            STORED = 1,

            /** FULL value */
            FULL = 2,

            /** EMPTY value */
            EMPTY = 3,

            /** DELETED value */
            DELETED = 4,

            /** MISSING value */
            MISSING = 5,

            /** FLUSHED value */
            FLUSHED = 6,

            /** DONE value */
            DONE = 7,

            /** MOVED value */
            MOVED = 8
        }
    }
}
