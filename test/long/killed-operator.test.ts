import { describeKilledOperator } from '../integration/killed-operator.ts'

describeKilledOperator(5)
